// What a process that vanishes leaves behind.
#include <sys/wait.h>
#include <unistd.h>

#include "gmock/gmock.h"
#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

using ::testing::ElementsAre;

// Runs `work` on the directory in a process that then vanishes without any shutdown.
template <typename Work>
void RunAndVanish(const std::string& directory, Work work) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto storage = server::StorageServer::Open(OptionsFor(directory));
    if (!storage.ok()) ::_exit(1);
    ::_exit(work(storage->get()) ? 0 : 2);
  }
  int result = 0;
  ASSERT_EQ(::waitpid(child, &result, 0), child);
  ASSERT_TRUE(WIFEXITED(result));
  ASSERT_EQ(WEXITSTATUS(result), 0);
}

class CrashTest : public StorageTest {
 protected:
  void SetUp() override {  // The child opens first.
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "ThreadSanitizer does not follow a fork";
#endif
  }
};

TEST_F(CrashTest, AcknowledgedCommitsSurviveAndOthersDoNot) {
  RunAndVanish(dir_.path(), [](api::Storage* storage) {
    auto* client = new Client(storage);
    bool ok = client->Ddl(CreateTable("t", {{"a", kInt4, true}, {"b", kInt4}}, {0})).ok();
    ok = ok && client->InsertInts("t", {{1, 10}}).ok();
    ok = ok && client->session().Begin(client->context(), {}).ok();
    return ok && client->InsertInts("t", {{2, 20}}).ok();
  });
  Open();
  Client client(storage_.get());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10"));
}

TEST_F(CrashTest, UnfinishedDdlLeavesNothing) {
  RunAndVanish(dir_.path(), [](api::Storage* storage) {
    auto* client = new Client(storage);
    bool ok = client->Ddl(CreateTable("t", {{"a", kInt4, true}, {"b", kInt4}}, {0})).ok();
    ok = ok && client->InsertInts("t", {{1, 10}}).ok();
    ok = ok && client->session().Begin(client->context(), {}).ok();
    common::v1::DdlStatement truncate;
    truncate.mutable_truncate()->add_table_ids(client->Table("t").table_id());
    ok = ok && client->Ddl(truncate).ok();
    ok = ok && client->Ddl(CreateIndex(client->Table("t").table_id(), "t_b", {1}, false)).ok();
    return ok && client->Ddl(CreateTable("u", {{"a", kInt4}}, {})).ok();
  });
  Open();
  Client client(storage_.get());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10"));
  EXPECT_EQ(client.Table("t").indexes_size(), 0);
  EXPECT_EQ(client.Table("u").table_id(), 0u);
}

}  // namespace
}  // namespace adbms::storage::testing
