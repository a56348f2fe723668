#include "services/optimizer/search/join_search.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <random>

namespace adbms::optimizer::search {
namespace {

// A random graph with random sizes, selectivities and join costs.
struct Instance {
  SearchProblem problem;
  std::vector<double> sizes;
  std::vector<double> selectivities;
};

Instance Random(int relations, double density, uint32_t seed) {
  Instance made;
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int i = 0; i < relations; ++i) made.sizes.push_back(std::pow(10, 1 + 4 * uniform(random)));
  made.problem.relations = relations;
  for (int i = 1; i < relations; ++i) {
    // A tree keeps it connected; more edges by density.
    const int parent = static_cast<int>(uniform(random) * i);
    made.problem.edges.push_back(RelationSet{1} << i | RelationSet{1} << parent);
    for (int j = 0; j < i; ++j) {
      if (j != parent && uniform(random) < density)
        made.problem.edges.push_back(RelationSet{1} << i | RelationSet{1} << j);
    }
  }
  for (size_t e = 0; e < made.problem.edges.size(); ++e)
    made.selectivities.push_back(std::pow(10, -4 * uniform(random)));
  made.problem.rows = [edges = made.problem.edges, sizes = made.sizes,
                       selectivities = made.selectivities](RelationSet set) {
    double rows = 1;
    for (size_t i = 0; i < sizes.size(); ++i) {
      if ((set >> i & 1) != 0) rows *= sizes[i];
    }
    for (size_t e = 0; e < edges.size(); ++e) {
      if ((edges[e] & ~set) == 0) rows *= selectivities[e];
    }
    return rows;
  };
  made.problem.scan_cost = [sizes = made.sizes](int i) { return sizes[i] * 0.02; };
  made.problem.join_cost = [rows = made.problem.rows](RelationSet left, RelationSet right,
                                                      double right_cost) {
    // A hash join, or a look-up where the right is one relation; not symmetric.
    const double hash = right_cost + rows(left) * 0.01 + rows(right) * 0.015;
    const double out = rows(left | right) * 0.002;
    if (std::popcount(right) == 1) return std::min(hash, rows(left) * 0.5) + out;
    return hash + out;
  };
  return made;
}

bool Connected(const SearchProblem& problem, RelationSet left, RelationSet right) {
  for (const RelationSet edge : problem.edges) {
    if ((edge & ~(left | right)) == 0 && (edge & left) != 0 && (edge & right) != 0) return true;
  }
  return false;
}

// All trees, by plain recursion.
double Cheapest(const SearchProblem& problem, RelationSet set) {
  if (std::popcount(set) == 1) return problem.scan_cost(std::countr_zero(set));
  double best = INFINITY;
  for (RelationSet left = (set - 1) & set; left != 0; left = (left - 1) & set) {
    const RelationSet right = set & ~left;
    if (!Connected(problem, left, right)) continue;
    const double a = Cheapest(problem, left);
    const double b = Cheapest(problem, right);
    if (std::isinf(a) || std::isinf(b)) continue;
    best = std::min(best, a + problem.join_cost(left, right, b));
  }
  return best;
}

// A tree's own cost; also checks that each relation stands in it once.
double CostOf(const SearchProblem& problem, const sql::plan::JoinTree& tree, RelationSet* set) {
  if (tree.relation >= 0) {
    *set = RelationSet{1} << tree.relation;
    return problem.scan_cost(tree.relation);
  }
  RelationSet left = 0;
  RelationSet right = 0;
  const double a = CostOf(problem, *tree.left, &left);
  const double b = CostOf(problem, *tree.right, &right);
  EXPECT_EQ(left & right, 0U);
  *set = left | right;
  return a + problem.join_cost(left, right, b);
}

void ExpectSound(const SearchProblem& problem, const SearchResult& result) {
  RelationSet set = 0;
  const double cost = CostOf(problem, *result.tree, &set);
  EXPECT_EQ(set, (RelationSet{1} << problem.relations) - 1);
  EXPECT_NEAR(cost, result.cost, cost * 1e-9);
}

TEST(JoinSearch, FindsTheOptimum) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const int relations = 2 + static_cast<int>(seed % 5);
    const Instance made = Random(relations, seed % 3 * 0.4, seed);
    const SearchResult result = OrderJoins(made.problem);
    ExpectSound(made.problem, result);
    EXPECT_TRUE(result.exhaustive);
    const double best = Cheapest(made.problem, (RelationSet{1} << relations) - 1);
    EXPECT_NEAR(result.cost, best, best * 1e-9) << "seed " << seed;
  }
}

TEST(JoinSearch, ManyRelationsAreOrderedGreedily) {
  const Instance made = Random(25, 0.1, 3);
  const SearchResult result = OrderJoins(made.problem);
  ExpectSound(made.problem, result);
  EXPECT_FALSE(result.exhaustive);
}

TEST(JoinSearch, GreedyIsNotFarFromTheOptimum) {
  double product = 0;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    Instance made = Random(6, 0.2, seed);
    const double best = OrderJoins(made.problem).cost;
    made.problem.out_of_time = [] { return true; };
    // Few joins are not looked at by the clock; enough of them are.
    const SearchResult greedy = OrderJoins(made.problem);
    ExpectSound(made.problem, greedy);
    product += std::log(greedy.cost / best);
  }
  EXPECT_LT(std::exp(product / 20), 5);
}

TEST(JoinSearch, StopsWhenTimeIsUp) {
  Instance made = Random(10, 0.5, 4);
  int asked = 0;
  made.problem.out_of_time = [&asked] { return ++asked > 2; };
  const SearchResult result = OrderJoins(made.problem);
  EXPECT_TRUE(result.timed_out);
  EXPECT_FALSE(result.exhaustive);
  ExpectSound(made.problem, result);
}

TEST(JoinSearch, UnconnectedRelationsAreJoinedLast) {
  Instance made = Random(4, 0, 9);
  // Two pairs without a condition between them.
  made.problem.edges = {0b0011, 0b1100};
  const SearchResult result = OrderJoins(made.problem);
  ExpectSound(made.problem, result);
  RelationSet left = 0;
  CostOf(made.problem, *result.tree->left, &left);
  EXPECT_TRUE(left == 0b0011 || left == 0b1100) << left;
}

TEST(JoinSearch, ConditionOverThreeRelations) {
  Instance made = Random(3, 0, 9);
  made.problem.edges = {0b111};
  ExpectSound(made.problem, OrderJoins(made.problem));
}

TEST(JoinSearch, OneRelation) {
  const Instance made = Random(1, 0, 1);
  EXPECT_EQ(OrderJoins(made.problem).tree->relation, 0);
}

}  // namespace
}  // namespace adbms::optimizer::search
