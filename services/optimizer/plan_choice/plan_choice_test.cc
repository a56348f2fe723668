// Choices of plans on a real storage: from a finding to a choice, back, and over a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "services/optimizer/plan_choice/plan_choice_module.h"
#include "services/storage/server/storage_server.h"
#include "services/storage/testing/plans.h"

namespace adbms::optimizer::plan_choice {
namespace {

using common::v1::PlanFinding;
using ::testing::HasSubstr;

constexpr Subject kSubject{7, 9};

class PlanChoiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    storage::server::Options options;
    options.data_dir = dir_.path();
    auto opened = storage::server::StorageServer::Open(options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    storage_ = *std::move(opened);
    Restart();
  }
  // Another process with the same storage.
  void Restart() {
    choices_ = std::make_unique<PlanChoices>(storage_.get());
    module_ = std::make_unique<PlanChoiceModule>(choices_.get());
    choices_->Refresh(context_);
  }
  static PlanFinding Finding(PlanFinding::Kind kind) {
    PlanFinding finding;
    finding.set_kind(kind);
    finding.set_fingerprint(42);
    finding.set_template_key(kSubject.template_key);
    finding.set_region(kSubject.region);
    finding.set_normalized_sql("SELECT 1");
    finding.set_default_shape(1);
    finding.set_best_shape(2);
    const double us[] = {40000, 10000, 90000};
    for (uint64_t i = 0; i < 3; ++i) {
      common::v1::PlanArm* arm = finding.add_arms();
      arm->set_shape_hash(i + 1);
      arm->set_calls(5);
      arm->set_mean_us(us[i]);
      if (i > 0) arm->set_origin("without index a");
    }
    finding.set_regret_us(1000);
    finding.set_observed_us(100000);
    return finding;
  }
  std::vector<module::v1::Proposal> Proposals(const PlanFinding& finding) {
    module::v1::ObserveRequest observed;
    *observed.add_windows()->add_plan_findings() = finding;
    EXPECT_TRUE(module_->Observe(context_, observed).ok());
    return Proposals();
  }
  std::vector<module::v1::Proposal> Proposals(const std::string& refused = "") {
    module::v1::ProposeRequest request;
    request.set_maximum(8);
    if (!refused.empty()) request.add_refused_subjects(refused);
    const auto response = module_->Propose(context_, request);
    EXPECT_TRUE(response.ok());
    return {response->proposals().begin(), response->proposals().end()};
  }

  storage::testing::TempDir dir_;
  rpc::CallContext context_;
  std::unique_ptr<storage::server::StorageServer> storage_;
  std::unique_ptr<PlanChoices> choices_;
  std::unique_ptr<PlanChoiceModule> module_;
};

TEST_F(PlanChoiceTest, AFindingBecomesAChoiceAndCanBeTakenBack) {
  const auto proposals = Proposals(Finding(PlanFinding::KIND_TRIAL));
  ASSERT_EQ(proposals.size(), 1u);
  const module::v1::Proposal& proposal = proposals.front();
  EXPECT_EQ(proposal.kind(), "plan_choice");
  EXPECT_DOUBLE_EQ(proposal.predicted_gain(), 0.75);
  EXPECT_THAT(proposal.reason(), HasSubstr("without index a"));
  EXPECT_THAT(proposal.reason(), HasSubstr("1.0 %"));
  EXPECT_EQ(proposal.affected_fingerprints(0), 42u);
  EXPECT_GT(proposal.verify_calls(), 0u);
  // Nothing is chosen before it is applied.
  EXPECT_EQ(choices_->ChosenFor(kSubject), 0u);
  EXPECT_TRUE(Proposals(proposal.subject()).empty());
  const uint64_t before = choices_->generation();

  module::v1::ApplyRequest apply;
  *apply.mutable_proposal() = proposal;
  ASSERT_TRUE(module_->Apply(context_, apply).ok());
  EXPECT_EQ(choices_->ChosenFor(kSubject), 2u);
  EXPECT_EQ(choices_->ChosenFor({7, 0}), 0u);
  EXPECT_TRUE(choices_->Knows(7));
  EXPECT_GT(choices_->generation(), before);
  // The loser of the trial is remembered.
  EXPECT_TRUE(choices_->IsRefused(kSubject, 3));
  EXPECT_FALSE(choices_->IsRefused(kSubject, 1));
  EXPECT_TRUE(Proposals().empty());
  Restart();
  EXPECT_EQ(choices_->ChosenFor(kSubject), 2u);
  EXPECT_GT(choices_->generation(), before);

  module::v1::RevertRequest revert;
  *revert.mutable_proposal() = proposal;
  ASSERT_TRUE(module_->Revert(context_, revert).ok());
  ASSERT_TRUE(module_->Revert(context_, revert).ok());
  EXPECT_EQ(choices_->ChosenFor(kSubject), 0u);
  EXPECT_TRUE(choices_->IsRefused(kSubject, 2));
  Restart();
  EXPECT_EQ(choices_->ChosenFor(kSubject), 0u);
  EXPECT_TRUE(choices_->IsRefused(kSubject, 2));
}

TEST_F(PlanChoiceTest, ARegressionIsMeasuredAlready) {
  const auto proposals = Proposals(Finding(PlanFinding::KIND_REGRESSION));
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_EQ(proposals.front().verify_calls(), 0u);
  module::v1::ApplyRequest apply;
  *apply.mutable_proposal() = proposals.front();
  const auto applied = module_->Apply(context_, apply);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_DOUBLE_EQ(applied->measured_gain(), 0.75);
}

TEST_F(PlanChoiceTest, WhereTheDefaultPlanWonNothingIsProposed) {
  PlanFinding finding = Finding(PlanFinding::KIND_TRIAL);
  finding.set_best_shape(1);
  EXPECT_TRUE(Proposals(finding).empty());
  EXPECT_TRUE(choices_->IsRefused(kSubject, 2));
  EXPECT_TRUE(choices_->IsRefused(kSubject, 3));
}

TEST_F(PlanChoiceTest, RefusalsExpire) {
  ASSERT_TRUE(choices_->Refuse(context_, kSubject, {5}, "", "lost", absl::Now()).ok());
  EXPECT_FALSE(choices_->IsRefused(kSubject, 5));
  EXPECT_FALSE(choices_->Knows(7));
}

}  // namespace
}  // namespace adbms::optimizer::plan_choice
