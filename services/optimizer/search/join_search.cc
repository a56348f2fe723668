#include "services/optimizer/search/join_search.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <unordered_map>
#include <utility>

namespace adbms::optimizer::search {
namespace {

using sql::plan::JoinTree;

// Joins looked at between two looks at the clock.
constexpr uint32_t kClockStride = 256;

RelationSet One(int relation) { return RelationSet{1} << relation; }

struct Entry {
  double cost = 0;
  RelationSet left = 0;  // 0: a leaf.
  RelationSet right = 0;
};

struct Part {
  RelationSet set = 0;
  std::unique_ptr<JoinTree> tree;
  double cost = 0;
};

std::unique_ptr<JoinTree> Leaf(int relation) {
  auto tree = std::make_unique<JoinTree>();
  tree->relation = relation;
  return tree;
}

bool Connects(const SearchProblem& problem, RelationSet left, RelationSet right) {
  return std::any_of(problem.edges.begin(), problem.edges.end(), [&](RelationSet edge) {
    return (edge & ~(left | right)) == 0 && (edge & left) != 0 && (edge & right) != 0;
  });
}

std::vector<RelationSet> Components(const SearchProblem& problem) {
  std::vector<RelationSet> components;
  for (int i = 0; i < problem.relations; ++i) components.push_back(One(i));
  for (const RelationSet edge : problem.edges) {
    RelationSet merged = 0;
    std::erase_if(components, [&](RelationSet component) {
      if ((component & edge) == 0) return false;
      merged |= component;
      return true;
    });
    if (merged != 0) components.push_back(merged);
  }
  return components;
}

// Joins two parts the cheaper way round.
Part Join(const SearchProblem& problem, Part a, Part b) {
  const double ab = a.cost + problem.join_cost(a.set, b.set, b.cost);
  const double ba = b.cost + problem.join_cost(b.set, a.set, a.cost);
  if (ba < ab) std::swap(a, b);
  Part result;
  result.set = a.set | b.set;
  result.cost = std::min(ab, ba);
  result.tree = std::make_unique<JoinTree>();
  result.tree->left = std::move(a.tree);
  result.tree->right = std::move(b.tree);
  return result;
}

// Greedy: always the join with the fewest rows, connected ones before cross products.
Part Greedy(const SearchProblem& problem, std::vector<Part> parts) {
  while (parts.size() > 1) {
    size_t best_a = 0;
    size_t best_b = 1;
    bool best_connected = false;
    double best_rows = 0;
    bool first = true;
    for (size_t a = 0; a < parts.size(); ++a) {
      for (size_t b = a + 1; b < parts.size(); ++b) {
        const bool connected = Connects(problem, parts[a].set, parts[b].set);
        const double rows = problem.rows(parts[a].set | parts[b].set);
        if (first || (connected && !best_connected) ||
            (connected == best_connected && rows < best_rows)) {
          best_a = a;
          best_b = b;
          best_connected = connected;
          best_rows = rows;
          first = false;
        }
      }
    }
    Part joined = Join(problem, std::move(parts[best_a]), std::move(parts[best_b]));
    parts.erase(parts.begin() + static_cast<long>(best_b));
    parts[best_a] = std::move(joined);
  }
  return std::move(parts.front());
}

std::vector<Part> Leaves(const SearchProblem& problem, RelationSet set) {
  std::vector<Part> parts;
  for (int i = 0; i < problem.relations; ++i) {
    if ((set & One(i)) != 0) parts.push_back({One(i), Leaf(i), problem.scan_cost(i)});
  }
  return parts;
}

using Table = std::unordered_map<RelationSet, Entry>;

std::unique_ptr<JoinTree> TreeOf(const Table& table, RelationSet set) {
  const Entry& entry = table.at(set);
  if (entry.left == 0) return Leaf(std::countr_zero(set));
  auto tree = std::make_unique<JoinTree>();
  tree->left = TreeOf(table, entry.left);
  tree->right = TreeOf(table, entry.right);
  return tree;
}

// The cheapest tree of a connected component; nullopt when time is up, or when its conditions
// cannot be met one join at a time.
std::optional<Part> Exhaustive(const SearchProblem& problem, RelationSet component,
                               bool* timed_out) {
  Table table;
  for (int i = 0; i < problem.relations; ++i) {
    if ((component & One(i)) != 0) table[One(i)] = {problem.scan_cost(i), 0, 0};
  }
  uint32_t joins = 0;
  // Ascending subsets of the component: a set comes after all of its subsets.
  for (RelationSet set = component & (~component + 1);; set = (set - component) & component) {
    if (std::popcount(set) > 1) {
      std::optional<Entry> best;
      // Every split, both ways round.
      for (RelationSet left = (set - 1) & set; left != 0; left = (left - 1) & set) {
        if (++joins % kClockStride == 0 && problem.out_of_time && problem.out_of_time()) {
          *timed_out = true;
          return std::nullopt;
        }
        const RelationSet right = set & ~left;
        const auto a = table.find(left);
        const auto b = table.find(right);
        if (a == table.end() || b == table.end() || !Connects(problem, left, right)) continue;
        const double cost = a->second.cost + problem.join_cost(left, right, b->second.cost);
        if (!best.has_value() || cost < best->cost) best = Entry{cost, left, right};
      }
      if (best.has_value()) table[set] = *best;
    }
    if (set == component) break;
  }
  const auto found = table.find(component);
  if (found == table.end()) return std::nullopt;
  return Part{component, TreeOf(table, component), found->second.cost};
}

}  // namespace

SearchResult OrderJoins(const SearchProblem& problem) {
  SearchResult result;
  result.exhaustive = true;
  std::vector<Part> parts;
  for (const RelationSet component : Components(problem)) {
    std::optional<Part> part;
    if (std::popcount(component) <= kExhaustiveRelations && !result.timed_out) {
      part = Exhaustive(problem, component, &result.timed_out);
    }
    if (!part.has_value()) {
      result.exhaustive = false;
      part = Greedy(problem, Leaves(problem, component));
    }
    parts.push_back(*std::move(part));
  }
  std::stable_sort(parts.begin(), parts.end(), [&](const Part& a, const Part& b) {
    return problem.rows(a.set) < problem.rows(b.set);
  });
  Part whole = std::move(parts.front());
  for (size_t i = 1; i < parts.size(); ++i) {
    whole = Join(problem, std::move(whole), std::move(parts[i]));
  }
  result.tree = std::move(whole.tree);
  result.cost = whole.cost;
  return result;
}

}  // namespace adbms::optimizer::search
