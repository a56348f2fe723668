#include "services/gateway/console/request_checks.h"

#include <gtest/gtest.h>
#include <httplib.h>

namespace adbms::gateway::console {
namespace {

httplib::Request With(const httplib::Headers& headers) {
  httplib::Request request;
  request.headers = headers;
  return request;
}

TEST(CookieTest, IsFoundAmongOthersByItsName) {
  EXPECT_EQ(CookieOf(With({{"Host", "db:8433"}, {"Cookie", "a=b; adbms_console_8433=x; c=d"}})),
            "x");
  EXPECT_EQ(CookieOf(With({{"Host", "db:8434"}, {"Cookie", "adbms_console_8433=x"}})), "");
  EXPECT_EQ(CookieOf(With({{"Host", "db"}, {"Cookie", "adbms_console=x"}})), "x");
  EXPECT_EQ(CookieOf(With({{"Host", "db"}, {"Cookie", "xadbms_console=x"}})), "");
  EXPECT_EQ(CookieOf(With({})), "");
}

TEST(CookieTest, IsForTheServerAlone) {
  const httplib::Request request = With({{"Host", "db:8433"}});
  EXPECT_EQ(SetCookie(request, "x", false),
            "adbms_console_8433=x; Path=/; HttpOnly; SameSite=Strict");
  EXPECT_EQ(SetCookie(request, "", true),
            "adbms_console_8433=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure");
}

TEST(ForeignTest, ByTheBrowsersWord) {
  EXPECT_FALSE(IsForeign(With({}), false));
  EXPECT_FALSE(IsForeign(With({{"Sec-Fetch-Site", "same-origin"}}), false));
  EXPECT_FALSE(IsForeign(With({{"Sec-Fetch-Site", "none"}}), false));
  EXPECT_TRUE(IsForeign(With({{"Sec-Fetch-Site", "same-site"}}), false));
  EXPECT_TRUE(IsForeign(With({{"Sec-Fetch-Site", "cross-site"}}), false));
}

TEST(ForeignTest, ByTheOrigin) {
  EXPECT_FALSE(IsForeign(With({{"Host", "db:1"}, {"Origin", "http://db:1"}}), false));
  EXPECT_FALSE(IsForeign(With({{"Host", "DB"}, {"Origin", "https://db"}}), false));
  for (const char* origin : {"http://db:2", "http://db", "null", "ftp://db:1", "http://db:1.evil"})
    EXPECT_TRUE(IsForeign(With({{"Host", "db:1"}, {"Origin", origin}}), false)) << origin;
}

TEST(BodyTest, IsJsonOfAKnownLength) {
  const std::pair<const char*, const char*> json = {"Content-Type", "application/json"};
  EXPECT_EQ(BodyProblem(With({json, {"Content-Length", "7"}})), std::nullopt);
  EXPECT_EQ(BodyProblem(With(
                {{"Content-Type", "Application/JSON; charset=utf-8"}, {"Content-Length", "7"}})),
            std::nullopt);
  EXPECT_EQ(BodyProblem(With({{"Content-Length", "7"}})), 415);
  EXPECT_EQ(BodyProblem(With({{"Content-Type", "text/plain"}, {"Content-Length", "7"}})), 415);
  EXPECT_EQ(BodyProblem(With({json, {"Content-Length", "7"}, {"Content-Encoding", "gzip"}})), 415);
  EXPECT_EQ(BodyProblem(With({json})), 411);
  EXPECT_EQ(BodyProblem(With({json, {"Content-Length", "7"}, {"Transfer-Encoding", "chunked"}})),
            411);
  EXPECT_EQ(BodyProblem(With({json, {"Content-Length", "-1"}})), 400);
  EXPECT_EQ(BodyProblem(With({json, {"Content-Length", "7"}, {"Content-Length", "8"}})), 400);
  EXPECT_EQ(BodyProblem(With({json, {"Content-Length", "1048577"}})), 413);
  EXPECT_EQ(BodyProblem(With({json, {"Content-Length", "1048576"}})), std::nullopt);
}

TEST(SecretTest, IsTheSame) {
  EXPECT_TRUE(SameSecret("ab", "ab"));
  EXPECT_FALSE(SameSecret("ab", "ac"));
  EXPECT_FALSE(SameSecret("ab", "abc"));
}

}  // namespace
}  // namespace adbms::gateway::console
