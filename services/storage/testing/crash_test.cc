// What a process that vanishes leaves behind.
#include "gmock/gmock.h"
#include "services/storage/testing/storage_fixture.h"
#include "services/storage/testing/vanishing_process.h"

namespace adbms::storage::testing {
namespace {

using ::testing::ElementsAre;

// A client of a server on the directory, neither of which will end; null: it could not be opened.
Client* OpenForGood(const std::string& directory) {
  auto opened = server::StorageServer::Open(OptionsFor(directory));
  return opened.ok() ? new Client(opened->release()) : nullptr;
}

// t with a row, and a transaction that is open.
bool StartChanges(Client* client) {
  return client != nullptr &&
         client->Ddl(CreateTable("t", {{"a", kInt4, true}, {"b", kInt4}}, {0})).ok() &&
         client->InsertInts("t", {{1, 10}}).ok() &&
         client->session().Begin(client->context(), {}).ok();
}

TEST(VanishingProcess, DISABLED_CommitsOneRowOfTwo) {
  if (VanishingArguments().empty()) GTEST_SKIP() << "for CrashTest";
  Client* const client = OpenForGood(VanishingArguments());
  Vanish(StartChanges(client) && client->InsertInts("t", {{2, 20}}).ok());
}

TEST(VanishingProcess, DISABLED_ChangesTheCatalog) {
  if (VanishingArguments().empty()) GTEST_SKIP() << "for CrashTest";
  Client* const client = OpenForGood(VanishingArguments());
  if (!StartChanges(client)) Vanish(false);
  common::v1::DdlStatement truncate;
  truncate.mutable_truncate()->add_table_ids(client->Table("t").table_id());
  Vanish(client->Ddl(truncate).ok() &&
         client->Ddl(CreateIndex(client->Table("t").table_id(), "t_b", {1}, false)).ok() &&
         client->Ddl(CreateTable("u", {{"a", kInt4}}, {})).ok());
}

class CrashTest : public StorageTest {
 protected:
  void SetUp() override {}  // The other process opens first.
};

TEST_F(CrashTest, AcknowledgedCommitsSurviveAndOthersDoNot) {
  ASSERT_TRUE(RunAndVanish("CommitsOneRowOfTwo", dir_.path()));
  Open();
  Client client(storage_.get());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10"));
}

TEST_F(CrashTest, UnfinishedDdlLeavesNothing) {
  ASSERT_TRUE(RunAndVanish("ChangesTheCatalog", dir_.path()));
  Open();
  Client client(storage_.get());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10"));
  EXPECT_EQ(client.Table("t").indexes_size(), 0);
  EXPECT_EQ(client.Table("u").table_id(), 0u);
}

}  // namespace
}  // namespace adbms::storage::testing
