#include "services/gateway/pgwire/channel_binding.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::pgwire {
namespace {

std::string State(const absl::Status& status) {
  return status.ok() ? "" : status::FromStatus(status).sqlstate;
}

TEST(ChannelBindingTest, TheMechanismAndTheHeaderGoTogether) {
  const ChannelBinding none;
  const ChannelBinding offered = {"hash", false};
  const ChannelBinding chosen = {"hash", true};
  EXPECT_EQ(State(CheckFirst("n,,n=,r=a", none)), "");
  EXPECT_EQ(State(CheckFirst("y,,n=,r=a", none)), "");
  EXPECT_EQ(State(CheckFirst("n,,n=,r=a", offered)), "");
  EXPECT_EQ(State(CheckFirst("p=tls-server-end-point,,n=,r=a", chosen)), "");
  // It has not seen what was offered: somebody in between has taken it out.
  EXPECT_EQ(State(CheckFirst("y,,n=,r=a", offered)), "28000");
  EXPECT_EQ(State(CheckFirst("n,,n=,r=a", chosen)), "08P01");
  EXPECT_EQ(State(CheckFirst("", chosen)), "08P01");
  EXPECT_EQ(State(CheckFirst("p=tls-server-end-point,,n=,r=a", offered)), "08P01");
  EXPECT_EQ(State(CheckFirst("p=tls-unique,,n=,r=a", chosen)), "08P01");
}

TEST(ChannelBindingTest, AnotherEndPointIsRefused) {
  const auto final_message = [](const std::string& bound) {
    return absl::StrCat("c=", absl::Base64Escape(bound), ",r=abc,p=AAAA");
  };
  const ChannelBinding chosen = {"hash", true};
  EXPECT_EQ(State(CheckFinal(final_message("p=tls-server-end-point,,hash"), chosen)), "");
  for (const char* bound :
       {"p=tls-server-end-point,,other", "p=tls-server-end-point,,", "n,,", ""}) {
    EXPECT_EQ(State(CheckFinal(final_message(bound), chosen)), "28000") << bound;
  }
  EXPECT_EQ(State(CheckFinal("", chosen)), "28000");
  EXPECT_EQ(State(CheckFinal(final_message("n,,"), {"hash", false})), "");
}

}  // namespace
}  // namespace adbms::gateway::pgwire
