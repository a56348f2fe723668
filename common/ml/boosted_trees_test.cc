#include "common/ml/boosted_trees.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace adbms::ml {
namespace {

// y = 2 a where b > 0, else -a: no linear model fits it.
float Label(float a, float b) { return b > 0 ? 2 * a : -a; }

Examples Sample(int rows, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  Examples examples;
  examples.columns = 2;
  for (int i = 0; i < rows; ++i) {
    const float a = uniform(random);
    const float b = uniform(random);
    examples.Add({a, b}, Label(a, b));
  }
  return examples;
}

double Error(const BoostedTrees& model) {
  double sum = 0;
  for (float a = -0.9F; a < 1; a += 0.2F) {
    for (const float b : {-0.5F, 0.5F}) {
      sum += std::abs(*model.Predict({a, b}) - Label(a, b));
    }
  }
  return sum / 20;
}

TEST(BoostedTrees, LearnsAnInteraction) {
  const auto model = BoostedTrees::Train(Sample(2000, 7));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_LT(Error(**model), 0.15);
}

TEST(BoostedTrees, SurvivesStorage) {
  const auto model = BoostedTrees::Train(Sample(500, 7));
  ASSERT_TRUE(model.ok()) << model.status();
  const auto bytes = (*model)->Serialize();
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto again = BoostedTrees::Parse(*bytes);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->columns(), 2U);
  for (float a = -1; a < 1; a += 0.25F) {
    EXPECT_FLOAT_EQ(*(*model)->Predict({a, 0.5F}), *(*again)->Predict({a, 0.5F}));
  }
}

TEST(BoostedTrees, RefusesGarbage) {
  EXPECT_FALSE(BoostedTrees::Parse("").ok());
  EXPECT_FALSE(BoostedTrees::Parse("neither JSON nor a model").ok());
  EXPECT_FALSE(BoostedTrees::Parse("{\"learner\": 1}").ok());
  EXPECT_FALSE(BoostedTrees::Train(Examples()).ok());
  Examples infinite = Sample(10, 1);
  infinite.labels[3] = INFINITY;
  EXPECT_FALSE(BoostedTrees::Train(infinite).ok());
  const auto model = BoostedTrees::Train(Sample(50, 1));
  ASSERT_TRUE(model.ok());
  EXPECT_FALSE((*model)->Predict({1, 2, 3}).ok());
}

}  // namespace
}  // namespace adbms::ml
