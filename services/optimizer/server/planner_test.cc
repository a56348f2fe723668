// Plans by cost on a real storage: they answer what default plans answer, and say why where they
// are restricted.
#include "services/optimizer/server/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/macros.h"
#include "services/storage/api/sql_client.h"
#include "services/storage/server/storage_server.h"
#include "services/storage/testing/plans.h"

namespace adbms::optimizer::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kTables = 7;

class PlannerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new storage::testing::TempDir();
    storage::server::Options options;
    options.data_dir = dir_->path();
    auto opened = storage::server::StorageServer::Open(options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    storage_ = opened->release();
    client_ = new storage::testing::Client(storage_);
    // Keys, skewed and correlated columns, NULLs; sizes from 20 to 1,500 rows.
    const int sizes[kTables] = {20, 1500, 300, 60, 800, 120, 400};
    for (int i = 0; i < kTables; ++i) {
      const std::string t = absl::StrCat("t", i);
      Sql(absl::StrCat("CREATE TABLE public.", t,
                       " (id int PRIMARY KEY, a int NOT NULL, b int, c text, d int NOT NULL)"));
      Sql(absl::StrCat("INSERT INTO public.", t, " SELECT g, g * 7919 % 50, CASE WHEN g % 6 = 0 ",
                       "THEN NULL ELSE g * 31 % 40 END, 'x' || (g % 13), ",
                       "CASE WHEN g % 10 < 7 THEN 1 ELSE g % 97 END FROM generate_series(1, ",
                       sizes[i], ") g"));
      if (i % 2 == 1) Sql(absl::StrCat("CREATE INDEX ", t, "_a ON public.", t, " (a)"));
      if (i % 3 == 1) Sql(absl::StrCat("CREATE INDEX ", t, "_d ON public.", t, " (d, b)"));
    }
    Sql("CREATE TABLE public.fresh (id int PRIMARY KEY, v int)");
    Sql("INSERT INTO public.fresh VALUES (1, 1)");
    std::vector<storage::api::TableVersion> ids;
    for (int i = 0; i < kTables; ++i)
      ids.emplace_back(client_->Table(absl::StrCat("t", i)).table_id());
    ASSERT_TRUE(client_->session().Analyze(client_->context(), ids).ok());
  }
  static void TearDownTestSuite() {
    delete client_;
    delete storage_;
    delete dir_;
  }
  static void Sql(const std::string& sql) {
    storage::api::SqlClient client(storage_, "adbms");
    rpc::CallContext context;
    const auto done = client.Run(context, sql);
    ASSERT_TRUE(done.ok()) << sql << ": " << done.status();
  }

  void SetUp() override {
    auto catalog = storage_->GetCatalog(client_->context(), 0);
    ASSERT_TRUE(catalog.ok()) << catalog.status();
    input_.catalog = std::make_shared<const sql::Catalog>(*std::move(catalog));
    auto statistics = storage_->GetStatistics(client_->context(), 0);
    ASSERT_TRUE(statistics.ok()) << statistics.status();
    input_.statistics = *std::move(statistics);
    view_ = std::make_unique<cost::StatisticsView>(input_.statistics.get());
  }

  absl::StatusOr<common::v1::Plan> Plan(const Planner& planner, const std::string& sql) {
    input_.sql = sql;
    return planner.Plan(input_, *view_, &restriction_);
  }
  // With constants lifted out, as the gateway asks.
  absl::StatusOr<common::v1::Plan> PlanLifted(const Planner& planner, const std::string& sql) {
    input_.sql = sql;
    sql::ScannedStatement scanned;
    if (!sql::ScanLiterals(sql, &scanned)) return absl::InvalidArgumentError("not scanned");
    input_.literals = &scanned.literals;
    auto plan = planner.Plan(input_, *view_, &restriction_);
    input_.literals = nullptr;
    return plan;
  }
  std::vector<std::string> Rows(const common::v1::Plan& plan) {
    auto rows = client_->Run(plan);
    EXPECT_TRUE(rows.ok()) << rows.status();
    if (!rows.ok()) return {};
    std::sort(rows->begin(), rows->end());
    return *std::move(rows);
  }
  std::string Shown(const common::v1::Plan& plan) {
    return absl::StrJoin(sql::Explain(plan, *input_.catalog, {}, nullptr, 0, 0), "\n");
  }

  static storage::testing::TempDir* dir_;
  static storage::server::StorageServer* storage_;
  static storage::testing::Client* client_;
  sql::PlanningInput input_;
  std::unique_ptr<cost::StatisticsView> view_;
  Restriction restriction_ = Restriction::kNone;
};

storage::testing::TempDir* PlannerTest::dir_ = nullptr;
storage::server::StorageServer* PlannerTest::storage_ = nullptr;
storage::testing::Client* PlannerTest::client_ = nullptr;

// A random query over 2 to 7 tables, its result small.
std::string RandomQuery(uint32_t seed) {
  std::mt19937 random(seed);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<uint32_t>(n)); };
  const int count = 2 + pick(6);
  const char* const columns[] = {"id", "a", "b", "d"};
  const auto column = [&](int table) { return absl::StrCat("r", table, ".", columns[pick(3)]); };
  std::vector<std::string> where;
  std::string from;
  for (int i = 0; i < count; ++i) {
    const std::string table = absl::StrCat("t", pick(kTables), " r", i);
    if (i == 0) {
      from = table;
      continue;
    }
    // Keys join most tables, so that results stay small.
    const std::string on = absl::StrCat(
        "r", i, ".id = ", pick(4) == 0 ? absl::StrCat("r", pick(i), ".d") : column(pick(i)));
    switch (pick(5)) {
      case 0:
        absl::StrAppend(&from, " LEFT JOIN ", table, " ON ", on,
                        pick(2) == 0 ? absl::StrCat(" AND r", i, ".a < ", pick(50)) : "");
        break;
      case 1:
        absl::StrAppend(&from, ", ", table);
        where.push_back(on);
        break;
      default:
        absl::StrAppend(&from, " JOIN ", table, " ON ", on);
        break;
    }
    // A comma binds weaker than JOIN: names left of it are out of reach of later ON clauses.
    const size_t comma = from.rfind(", ");
    if (comma != std::string::npos) {
      from[comma] = ' ';
      from.replace(comma, 2, " CROSS JOIN ");
    }
  }
  for (int i = 0; i < count; ++i) {
    const std::string r = absl::StrCat("r", i);
    switch (pick(16)) {
      case 0:
        where.push_back(absl::StrCat(r, ".d = ", pick(3) == 0 ? 1 : pick(97)));
        break;
      case 1:
        where.push_back(absl::StrCat(r, ".a BETWEEN ", pick(25), " AND ", 20 + pick(30)));
        break;
      case 2:
        where.push_back(absl::StrCat(r, ".c LIKE 'x1%'"));
        break;
      case 3:
        where.push_back(absl::StrCat(r, ".b IS ", pick(2) == 0 ? "NOT " : "", "NULL"));
        break;
      case 4:
        where.push_back(absl::StrCat(r, ".a IN (1, 5, 9, 13)"));
        break;
      case 5:
        where.push_back(absl::StrCat(pick(2) == 0 ? "NOT " : "", "EXISTS (SELECT 1 FROM t",
                                     pick(kTables), " s WHERE s.a = ", r, ".a AND s.d > 5)"));
        break;
      case 6:
        where.push_back(absl::StrCat("(", r, ".a < 10 OR ", r, ".b = 3)"));
        break;
      default:
        break;
    }
  }
  std::string sql = absl::StrCat("SELECT r0.c, count(*), sum(r", count - 1, ".a), max(r",
                                 pick(count), ".id) FROM ", from);
  if (!where.empty()) absl::StrAppend(&sql, " WHERE ", absl::StrJoin(where, " AND "));
  return absl::StrCat(sql, " GROUP BY r0.c");
}

TEST_F(PlannerTest, AnswersAreThoseOfDefaultPlans) {
  const Planner planner({});
  int different = 0;
  int answered = 0;
  for (uint32_t seed = 1; seed <= 250; ++seed) {
    const std::string sql = RandomQuery(seed);
    const auto by_cost = Plan(planner, sql);
    ASSERT_TRUE(by_cost.ok()) << sql << ": " << by_cost.status();
    ASSERT_EQ(by_cost->planner(), common::v1::PLANNER_KIND_COST);
    const auto by_default = sql::PlanDefault(input_);
    ASSERT_TRUE(by_default.ok()) << sql << ": " << by_default.status();
    different += by_cost->shape_hash() != by_default->shape_hash() ? 1 : 0;
    const auto rows = Rows(*by_cost);
    answered += rows.empty() ? 0 : 1;
    ASSERT_EQ(rows, Rows(*by_default)) << sql << "\n" << Shown(*by_cost);
  }
  // The test would say nothing if plans were the same, or answers empty.
  EXPECT_GT(different, 50);
  EXPECT_GT(answered, 100);
}

TEST_F(PlannerTest, AlternativesAnswerAlike) {
  const Planner planner({});
  size_t alternatives = 0;
  for (uint32_t seed = 1; seed <= 80; ++seed) {
    input_.sql = RandomQuery(seed);
    Planner::Alternatives other;
    const auto plan = planner.Plan(input_, *view_, &restriction_, &other);
    ASSERT_TRUE(plan.ok()) << input_.sql << ": " << plan.status();
    ASSERT_LE(other.found.size(), search::kMaxAlternatives);
    if (other.found.empty()) continue;
    const auto rows = Rows(*plan);
    std::set<uint64_t> shapes = {plan->shape_hash()};
    double cheapest = plan->root().total_cost();
    for (const search::Alternative& one : other.found) {
      cheapest = std::min(cheapest, one.plan.root().total_cost());
    }
    double last = 0;
    for (const search::Alternative& one : other.found) {
      ++alternatives;
      EXPECT_TRUE(shapes.insert(one.plan.shape_hash()).second) << one.origin;
      EXPECT_FALSE(one.origin.empty());
      EXPECT_GE(one.plan.root().total_cost(), last);
      last = one.plan.root().total_cost();
      EXPECT_LE(last, search::kMaxCostRatio * std::max(cheapest, 1.0));
      ASSERT_EQ(Rows(one.plan), rows) << input_.sql << "\n" << one.origin << Shown(one.plan);
    }
  }
  EXPECT_GT(alternatives, 120u);
}

TEST_F(PlannerTest, AnAlternativeIsFoundByItsShapeWhateverItCosts) {
  const Planner planner({});
  input_.sql = "SELECT count(*) FROM t1 JOIN t4 ON t4.id = t1.a WHERE t1.d = 1";
  Planner::Alternatives all;
  const auto plan = planner.Plan(input_, *view_, &restriction_, &all);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_FALSE(all.found.empty());
  for (const search::Alternative& one : all.found) {
    Planner::Alternatives wanted;
    wanted.wanted = [&](const common::v1::Plan& own) {
      EXPECT_EQ(own.shape_hash(), plan->shape_hash());
      return one.plan.shape_hash();
    };
    ASSERT_TRUE(planner.Plan(input_, *view_, &restriction_, &wanted).ok());
    EXPECT_TRUE(std::any_of(wanted.found.begin(), wanted.found.end(), [&](const auto& found) {
      return found.plan.shape_hash() == one.plan.shape_hash();
    })) << one.origin;
  }
}

TEST_F(PlannerTest, ARestrictedPlanHasNoAlternatives) {
  const Planner planner({});
  input_.sql = "SELECT * FROM t1 JOIN fresh ON fresh.id = t1.a";
  Planner::Alternatives other;
  ASSERT_TRUE(planner.Plan(input_, *view_, &restriction_, &other).ok());
  EXPECT_EQ(restriction_, Restriction::kNoStatistics);
  EXPECT_THAT(other.found, IsEmpty());
}

TEST_F(PlannerTest, TableWithoutStatisticsIsPlannedByDefault) {
  const Planner planner({});
  const auto plan = Plan(planner, "SELECT * FROM t1 JOIN fresh ON fresh.id = t1.a");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->planner(), common::v1::PLANNER_KIND_DEFAULT);
  EXPECT_EQ(restriction_, Restriction::kNoStatistics);
  EXPECT_THAT(Shown(*plan), HasSubstr("Planner: default\nRestriction: table public.fresh has no "
                                      "statistics"));
  // Also below an expression.
  const auto below = Plan(planner, "SELECT (SELECT max(v) FROM fresh WHERE v < a) FROM t1");
  ASSERT_TRUE(below.ok()) << below.status();
  EXPECT_EQ(restriction_, Restriction::kNoStatistics);
}

TEST_F(PlannerTest, PlanningPastItsBudgetFallsBackToTheDefaultPlan) {
  absl::Time now = absl::UnixEpoch();
  Planner::Options options;
  options.budget = absl::Milliseconds(100);
  options.now = [&now] { return now += absl::Milliseconds(200); };
  const Planner planner(options);
  const auto plan = Plan(planner, "SELECT count(*) FROM t1 JOIN t2 ON t2.id = t1.a");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(restriction_, Restriction::kBudget);
  EXPECT_EQ(plan->planner(), common::v1::PLANNER_KIND_DEFAULT);
  EXPECT_EQ(plan->restriction(), "planning took longer than its budget of 100 ms");
}

class Refusing : public search::ScanCorrector {
 public:
  explicit Refusing(Refusal refusal) : refusal_(refusal) {}
  Correction Correct(const sql::plan::Query&, const sql::plan::Rel&,
                     const std::vector<sql::plan::ExprPtr>&, double,
                     const cost::StatisticsEstimator&) const override {
    Correction correction;
    correction.features = {1, 2};
    if (refusal_ == Refusal::kNone) correction.factor = 3;
    correction.refusal = refusal_;
    return correction;
  }

 private:
  const Refusal refusal_;
};

TEST_F(PlannerTest, RefusedCorrectionIsShownAndStatisticsStillPlan) {
  using Refusal = search::ScanCorrector::Refusal;
  for (const auto& [refusal, restriction, text] :
       {std::tuple(Refusal::kCalibration, Restriction::kCalibration, "out of calibration"),
        std::tuple(Refusal::kUnseen, Restriction::kUnseen, "has not seen")}) {
    const Refusing corrector(refusal);
    const Planner planner({absl::InfiniteDuration(), &corrector, [] { return uint64_t{7}; }, {}});
    const auto plan = Plan(planner, "SELECT id FROM t4 WHERE d = 3");
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(plan->planner(), common::v1::PLANNER_KIND_COST);
    EXPECT_EQ(restriction_, restriction);
    EXPECT_THAT(plan->restriction(), HasSubstr(text));
    EXPECT_EQ(plan->model_generation(), 7U);
  }
}

TEST_F(PlannerTest, CorrectedScanKeepsItsEstimateByStatistics) {
  const Refusing corrector(search::ScanCorrector::Refusal::kNone);
  const Planner planner({absl::InfiniteDuration(), &corrector, {}, {}});
  const auto plan = Plan(planner, "SELECT a FROM t4 WHERE a = 3");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->planner(), common::v1::PLANNER_KIND_LEARNED);
  const auto& scan = plan->root();
  EXPECT_NEAR(scan.uncorrected_rows(), 16, 1);  // 800 rows, 50 values.
  EXPECT_NEAR(scan.estimated_rows(), 48, 3);
  EXPECT_EQ(scan.correction_features_size(), 2);
  // A look-up by a whole key has nothing to learn.
  const auto unique = Plan(planner, "SELECT a FROM t4 WHERE id = 3 AND a < 7");
  ASSERT_TRUE(unique.ok()) << unique.status();
  EXPECT_EQ(unique->planner(), common::v1::PLANNER_KIND_COST);
  EXPECT_EQ(unique->model_generation(), 0U);
}

TEST_F(PlannerTest, PlanThatDependsOnAValueServesThatValueOnly) {
  const Planner planner({});
  // 70 % of t4's rows have d = 1; an index finds the others.
  const auto rare = PlanLifted(planner, "SELECT c FROM t4 WHERE d = 55");
  const auto common = PlanLifted(planner, "SELECT c FROM t4 WHERE d = 1");
  ASSERT_TRUE(rare.ok() && common.ok()) << rare.status() << common.status();
  EXPECT_NE(rare->shape_hash(), common->shape_hash());
  EXPECT_THAT(rare->pinned_literals(), ElementsAre(0));
  EXPECT_THAT(common->pinned_literals(), ElementsAre(0));
  // No index, no choice.
  const auto any = PlanLifted(planner, "SELECT c FROM t0 WHERE d = 1");
  ASSERT_TRUE(any.ok()) << any.status();
  EXPECT_THAT(any->pinned_literals(), IsEmpty());
  const auto key = PlanLifted(planner, "SELECT c FROM t4 WHERE id = 77");
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_THAT(key->pinned_literals(), IsEmpty());
}

TEST_F(PlannerTest, EstimatesAreNearTheRowsCounted) {
  const Planner planner({});
  for (const char* sql :
       {"SELECT id FROM t1 WHERE d = 1", "SELECT id FROM t1 WHERE d <> 1",
        "SELECT id FROM t1 WHERE a BETWEEN 10 AND 19", "SELECT id FROM t1 WHERE b IS NULL",
        "SELECT id FROM t1 WHERE c LIKE 'x1%'", "SELECT id FROM t1 WHERE a IN (1, 2, 3)",
        "SELECT id FROM t1 WHERE a < 5 OR a = 30", "SELECT id FROM t1 WHERE upper(c) = 'X3'",
        "SELECT t1.id FROM t1 JOIN t4 ON t4.d = t1.d",
        "SELECT t1.id FROM t1 JOIN t2 ON t2.id = t1.id",
        "SELECT id FROM t1 WHERE EXISTS (SELECT 1 FROM t3 WHERE t3.a = t1.id)",
        "SELECT a, c FROM t1 GROUP BY a, c", "SELECT d FROM t4 GROUP BY d"}) {
    const auto plan = Plan(planner, sql);
    ASSERT_TRUE(plan.ok()) << sql << plan.status();
    const auto actual = static_cast<double>(Rows(*plan).size());
    const double q =
        std::max(plan->root().estimated_rows() / actual, actual / plan->root().estimated_rows());
    EXPECT_LT(q, 4.5) << sql << ": " << plan->root().estimated_rows() << " of " << actual;
  }
}

}  // namespace
}  // namespace adbms::optimizer::server
