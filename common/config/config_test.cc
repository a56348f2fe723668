#include "common/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>

namespace adbms::config {
namespace {

std::string WriteFile(const std::string& text) {
  const std::string path = testing::TempDir() + "/config_test.yaml";
  std::ofstream(path) << text;
  return path;
}

TEST(ConfigTest, DefaultsFileEnvironmentOverrideInThisOrder) {
  Sources sources;
  sources.file = WriteFile(
      "gateway:\n  pgwire:\n    listen: 127.0.0.1:1\n    max_connections: 7\n"
      "storage:\n  block_cache_bytes: 32MiB\n  memtable_bytes: 16MiB\n");
  sources.environment = {"ADBMS_GATEWAY__PGWIRE__LISTEN=127.0.0.1:2",
                         "ADBMS_STORAGE__MEMTABLE_BYTES=8MiB", "ADBMS_PASSWORD=x", "HOME=/"};
  sources.overrides = {"gateway.pgwire.listen=127.0.0.1:3"};
  const auto config = Load(sources);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->gateway().pgwire().listen(), "127.0.0.1:3");
  EXPECT_EQ(config->gateway().pgwire().max_connections(), 7u);
  EXPECT_EQ(config->storage().block_cache_bytes(), 32u << 20);
  EXPECT_EQ(config->storage().memtable_bytes(), 8u << 20);
  EXPECT_EQ(config->gateway().http().listen(), "127.0.0.1:8433");
}

struct BadCase {
  std::string yaml;
  std::string message;
};

class BadConfigTest : public testing::TestWithParam<BadCase> {};

TEST_P(BadConfigTest, NamesTheKey) {
  Sources sources;
  sources.file = WriteFile(GetParam().yaml);
  const auto config = Load(sources);
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(std::string(config.status().message()), testing::HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadConfigTest,
    testing::Values(
        BadCase{"gateway:\n  pgwire:\n    listn: x\n", "gateway.pgwire.listn: unknown key"},
        BadCase{"gateway:\n  pgwire:\n    max_connections: 0\n",
                "gateway.pgwire.max_connections: \"0\" is out of range"},
        BadCase{"gateway:\n  pgwire:\n    max_connections: many\n", "is not a number"},
        BadCase{"storage:\n  sync_commits: maybe\n",
                "storage.sync_commits: \"maybe\" is not true or false"},
        BadCase{"storage:\n  block_cache_bytes: 3s\n", "has a suffix"},
        BadCase{"orchestrator:\n  autonomy: full\n", "is not one of off, observe, recommend, auto"},
        BadCase{"storage: 3\n", "storage: expected a mapping"},
        BadCase{"storage: [1,\n", "config_test.yaml"},
        BadCase{"storage:\n  read_only: true\n  read_only: false\n",
                "storage.read_only: is given twice"},
        BadCase{"storage:\n  read_only: true\nstorage:\n  read_only: false\n",
                "storage: is given twice"},
        BadCase{"\xff\xfe", "is not a text in UTF-8"},
        BadCase{"storage:\n  memtable_bytes: [1]\n", "expected a single value"}));

TEST(ConfigTest, MissingFileIsAnError) {
  Sources sources;
  sources.file = "/nonexistent/adbms.yaml";
  EXPECT_THAT(std::string(Load(sources).status().message()), testing::HasSubstr("cannot be read"));
}

TEST(ConfigTest, PrintedConfigurationLoadsBack) {
  Sources sources;
  sources.overrides = {"storage.lock_timeout_ms=3s", "indexer.minimum_gain=0.25"};
  const auto config = Load(sources);
  ASSERT_TRUE(config.ok());
  Sources again;
  again.file = WriteFile(ToYaml(*config));
  const auto back = Load(again);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->SerializeAsString(), config->SerializeAsString());
}

TEST(ConfigTest, ChangesNameWhatDiffersAndWhetherItIsLive) {
  Sources sources;
  const auto before = Load(sources);
  sources.overrides = {"logging.level=debug", "storage.lock_timeout_ms=3s",
                       "indexer.minimum_gain=0.1"};  // The last is the default.
  const auto after = Load(sources);
  ASSERT_TRUE(before.ok() && after.ok());
  std::map<std::string, bool> live;
  for (const Entry& entry : Changes(*before, *after)) live[entry.key] = entry.live;
  EXPECT_THAT(live, testing::ElementsAre(testing::Pair("logging.level", true),
                                         testing::Pair("storage.lock_timeout_ms", false)));
  EXPECT_TRUE(Changes(*after, *after).empty());
}

TEST(ConfigTest, BytesThatAreNoCharactersAreRefused) {
  common::v1::Config config = *Load({});
  EXPECT_TRUE(Set("data.directory", "/srv/d\xC3\xA4ten", &config).ok());
  for (const char* value :
       {"a\xE1\xE1", "\xC0\xAF", "a\nb", "a\x7F", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    const absl::Status refused = Set("data.directory", value, &config);
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << value;
    EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("data.directory"));
  }
  EXPECT_EQ(config.data().directory(), "/srv/d\xC3\xA4ten");
}

TEST(ConfigTest, ReferenceListsEverySetting) {
  const std::string page = ReferencePage();
  Sources none;
  for (const Entry& entry : Entries(*Load(none))) {
    EXPECT_THAT(page, testing::HasSubstr("`" + entry.key + "`"));
    EXPECT_FALSE(entry.help.empty()) << entry.key;
  }
}

}  // namespace
}  // namespace adbms::config
