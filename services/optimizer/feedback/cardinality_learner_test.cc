// Learning from real executions on a real storage, over a model's life.
#include "services/optimizer/feedback/cardinality_learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "services/optimizer/feedback/learning_module.h"
#include "services/optimizer/server/planner.h"
#include "services/storage/api/sql_client.h"
#include "services/storage/server/storage_server.h"
#include "services/storage/testing/plans.h"

namespace adbms::optimizer::feedback {
namespace {

using ::testing::HasSubstr;
using Refusal = search::ScanCorrector::Refusal;

class LearnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    storage::server::Options options;
    options.data_dir = dir_.path();
    auto opened = storage::server::StorageServer::Open(options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    storage_ = *std::move(opened);
    client_ = std::make_unique<storage::testing::Client>(storage_.get());
    store_ = std::make_unique<ModelStore>(storage_.get());
    // City decides the zip code and nearly the street: independence is far off.
    Sql("CREATE TABLE public.places (id int PRIMARY KEY, city int NOT NULL, zip int NOT NULL, "
        "street int NOT NULL)");
    Sql("INSERT INTO public.places SELECT g, g % 40, g % 40 * 3, g % 80 FROM generate_series(1, "
        "8000) g");
    ASSERT_TRUE(
        client_->session().Analyze(client_->context(), {client_->Table("places").table_id()}).ok());
    Restart();
  }
  void TearDown() override { learner_.reset(); }
  void Sql(const std::string& sql) {
    storage::api::SqlClient client(storage_.get(), "adbms");
    const auto done = client.Run(client_->context(), sql);
    ASSERT_TRUE(done.ok()) << sql << ": " << done.status();
  }
  // Another process with the same storage.
  void Restart(bool enabled = true) {
    CardinalityLearner::Options options;
    options.minimum_training_rows = 200;
    options.enabled = enabled;
    learner_ = std::make_unique<CardinalityLearner>(store_.get(), options);
    module_ = std::make_unique<LearningModule>(learner_.get());
    planner_ = std::make_unique<server::Planner>(server::Planner::Options{
        absl::InfiniteDuration(), learner_.get(), [this] { return learner_->generation(); }, {}});
    ASSERT_TRUE(learner_->Load(client_->context()).ok());
  }
  common::v1::Plan PlanOf(const std::string& sql) {
    sql::PlanningInput input;
    input.sql = sql;
    input.catalog =
        std::make_shared<const sql::Catalog>(*storage_->GetCatalog(client_->context(), 0));
    input.statistics = *storage_->GetStatistics(client_->context(), 0);
    const cost::StatisticsView view(input.statistics.get());
    auto plan = planner_->Plan(input, view, &restriction_);
    EXPECT_TRUE(plan.ok()) << sql << ": " << plan.status();
    return *std::move(plan);
  }
  // Runs it and reports its scan as the gateway does.
  common::v1::CardinalityObservation Execute(const std::string& sql) {
    const common::v1::Plan plan = PlanOf(sql);
    EXPECT_TRUE(client_->Run(plan).ok());
    common::v1::CardinalityObservation observation;
    const common::v1::Operator* scan = &plan.root();
    if (scan->has_aggregate()) scan = &scan->aggregate().input();
    EXPECT_GT(scan->correction_features_size(), 0) << sql;
    *observation.mutable_features() = scan->correction_features();
    observation.set_estimated_rows(scan->uncorrected_rows());
    observation.set_corrected_rows(scan->estimated_rows());
    for (const auto& actual : client_->summary().operators()) {
      if (actual.operator_id() == scan->id())
        observation.set_actual_rows(static_cast<double>(actual.rows()));
    }
    return observation;
  }
  static std::string Query(int i) {
    const int city = i * 7 % 40;
    return i % 2 == 0 ? absl::StrCat("SELECT count(*) FROM places WHERE city = ", city,
                                     " AND zip = ", city * 3)
                      : absl::StrCat("SELECT count(*) FROM places WHERE city = ", city,
                                     " AND zip = ", city * 3, " AND street = ", city + 40);
  }
  void Work(int executions) {
    common::v1::WorkloadWindow window;
    for (int i = 0; i < executions; ++i) *window.add_cardinalities() = Execute(Query(i));
    learner_->Observe(window);
  }
  absl::StatusOr<module::v1::ProposeResponse> Propose() {
    module::v1::ProposeRequest request;
    request.set_maximum(8);
    return module_->Propose(client_->context(), request);
  }
  absl::StatusOr<module::v1::ApplyResponse> Apply(const module::v1::Proposal& proposal) {
    module::v1::ApplyRequest request;
    *request.mutable_proposal() = proposal;
    return module_->Apply(client_->context(), request);
  }
  static double QError(const common::v1::CardinalityObservation& one, double rows) {
    return std::max(rows, one.actual_rows()) / std::max(1.0, std::min(rows, one.actual_rows()));
  }

  storage::testing::TempDir dir_;
  std::unique_ptr<storage::server::StorageServer> storage_;
  std::unique_ptr<storage::testing::Client> client_;
  std::unique_ptr<ModelStore> store_;
  std::unique_ptr<CardinalityLearner> learner_;
  std::unique_ptr<LearningModule> module_;
  std::unique_ptr<server::Planner> planner_;
  server::Restriction restriction_ = server::Restriction::kNone;
};

TEST_F(LearnerTest, NothingIsProposedBeforeEnoughWasSeen) {
  Work(150);
  ASSERT_TRUE(learner_->TrainWhenDue(client_->context()).ok());
  EXPECT_FALSE(learner_->candidate().has_value());
  EXPECT_EQ(Propose()->proposals_size(), 0);
  EXPECT_EQ(PlanOf(Query(0)).planner(), common::v1::PLANNER_KIND_COST);
}

TEST_F(LearnerTest, ModelFromRealFeedbackLowersTheErrorOnUnseenQueries) {
  Work(260);
  ASSERT_TRUE(learner_->TrainWhenDue(client_->context()).ok());
  const auto proposed = Propose();
  ASSERT_TRUE(proposed.ok());
  ASSERT_EQ(proposed->proposals_size(), 1);
  const module::v1::Proposal& proposal = proposed->proposals(0);
  EXPECT_EQ(proposal.kind(), "use_model");
  EXPECT_FALSE(proposal.undo().empty());
  EXPECT_THAT(proposal.reason(), HasSubstr("observations that it was not trained on"));
  // It corrects nothing before it was approved.
  EXPECT_EQ(PlanOf(Query(0)).planner(), common::v1::PLANNER_KIND_COST);
  const uint64_t before = learner_->generation();
  const auto applied = Apply(proposal);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_GT(applied->measured_gain(), 0.5);
  EXPECT_GT(learner_->generation(), before);
  EXPECT_EQ(Propose()->proposals_size(), 0);
  double uncorrected = 0;
  double corrected = 0;
  for (int i = 0; i < 40; ++i) {
    const auto one = Execute(Query(i));
    uncorrected += std::log(QError(one, one.estimated_rows()));
    corrected += std::log(QError(one, one.corrected_rows()));
  }
  EXPECT_GT(std::exp(uncorrected / 40), 20);
  EXPECT_LT(std::exp(corrected / 40), 2);
  EXPECT_EQ(PlanOf(Query(0)).planner(), common::v1::PLANNER_KIND_LEARNED);
}

TEST_F(LearnerTest, OnlyInsideTheRegionThatItHasSeen) {
  Work(260);
  ASSERT_TRUE(learner_->TrainWhenDue(client_->context()).ok());
  ASSERT_TRUE(Apply(Propose()->proposals(0)).ok());
  const auto plan = PlanOf("SELECT count(*) FROM places WHERE street < 7 AND city = 3");
  EXPECT_EQ(plan.planner(), common::v1::PLANNER_KIND_COST);
  EXPECT_EQ(restriction_, server::Restriction::kUnseen);
}

TEST_F(LearnerTest, MiscalibratedModelIsNotUsedAndDropped) {
  Work(260);
  ASSERT_TRUE(learner_->TrainWhenDue(client_->context()).ok());
  ASSERT_TRUE(Apply(Propose()->proposals(0)).ok());
  const int64_t version = learner_->live()->version;
  // The data turns round: the estimate by independence is right now.
  Sql("UPDATE public.places SET zip = id * 31 % 4000, street = id * 17 % 8000");
  common::v1::WorkloadWindow window;
  for (int i = 0; i < 250; ++i) {
    auto one = Execute(Query(i));
    EXPECT_LE(one.actual_rows(), 8);
    *window.add_cardinalities() = one;
  }
  learner_->Observe(window);
  ASSERT_TRUE(learner_->suspension().has_value());
  EXPECT_EQ(PlanOf(Query(0)).planner(), common::v1::PLANNER_KIND_COST);
  EXPECT_EQ(restriction_, server::Restriction::kCalibration);
  const auto proposed = Propose();
  ASSERT_EQ(proposed->proposals_size(), 1);
  EXPECT_EQ(proposed->proposals(0).kind(), "drop_model");
  EXPECT_THAT(proposed->proposals(0).reason(), HasSubstr("out of calibration"));
  ASSERT_TRUE(Apply(proposed->proposals(0)).ok());
  EXPECT_FALSE(learner_->live().has_value());
  const auto rows = store_->Open(client_->context(), "cardinality");
  ASSERT_TRUE(rows.ok());
  for (const ModelRow& row : *rows) {
    if (row.version == version) {
      EXPECT_EQ(row.state, "off");
    }
  }
}

TEST_F(LearnerTest, StateOutlivesTheProcess) {
  Work(260);
  ASSERT_TRUE(learner_->TrainWhenDue(client_->context()).ok());
  ASSERT_TRUE(Apply(Propose()->proposals(0)).ok());
  const auto live = learner_->live();
  const auto observations = learner_->progress().observations;
  ASSERT_TRUE(learner_->SaveProgress(client_->context()).ok());
  Restart();
  ASSERT_TRUE(learner_->live().has_value());
  EXPECT_EQ(learner_->live()->version, live->version);
  EXPECT_EQ(learner_->progress().observations, observations);
  EXPECT_GT(learner_->generation(), 0U);
  EXPECT_EQ(PlanOf(Query(0)).planner(), common::v1::PLANNER_KIND_LEARNED);
}

TEST_F(LearnerTest, RevertAndKillSwitchEndCorrection) {
  Work(260);
  ASSERT_TRUE(learner_->TrainWhenDue(client_->context()).ok());
  const module::v1::Proposal proposal = Propose()->proposals(0);
  ASSERT_TRUE(Apply(proposal).ok());
  Restart(/*enabled=*/false);
  EXPECT_EQ(PlanOf(Query(0)).planner(), common::v1::PLANNER_KIND_COST);
  Restart();
  EXPECT_EQ(PlanOf(Query(0)).planner(), common::v1::PLANNER_KIND_LEARNED);
  module::v1::RevertRequest revert;
  *revert.mutable_proposal() = proposal;
  revert.set_reason("reverted by joe");
  ASSERT_TRUE(module_->Revert(client_->context(), revert).ok());
  EXPECT_EQ(PlanOf(Query(0)).planner(), common::v1::PLANNER_KIND_COST);
  EXPECT_EQ(restriction_, server::Restriction::kNone);
  // Twice is as good as once.
  EXPECT_TRUE(module_->Revert(client_->context(), revert).ok());
}

TEST_F(LearnerTest, GarbageIsNotLearnedFrom) {
  common::v1::WorkloadWindow window;
  for (int i = 0; i < 300; ++i) {
    auto* one = window.add_cardinalities();
    one->add_features(NAN);
    one->set_actual_rows(i);
  }
  learner_->Observe(window);
  EXPECT_EQ(learner_->progress().observations, 0U);
  ASSERT_TRUE(learner_->TrainWhenDue(client_->context()).ok());
  EXPECT_EQ(Apply(module::v1::Proposal()).status().code(), absl::StatusCode::kInvalidArgument);
  Sql("UPDATE adbms.models SET state = 'live', model = 'nonsense'");
  Restart();
  EXPECT_FALSE(learner_->live().has_value());
}

}  // namespace
}  // namespace adbms::optimizer::feedback
