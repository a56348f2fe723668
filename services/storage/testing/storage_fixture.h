// A server on a directory of its own, for tests that look at storage from the outside.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "services/storage/server/storage_server.h"
#include "services/storage/testing/plans.h"

namespace adbms::storage::testing {

inline constexpr TypeId kInt4 = TypeId::kInt4;

inline server::Options OptionsFor(const std::string& directory) {
  server::Options options;
  options.data_dir = directory;
  options.block_cache_bytes = 64 << 20;
  options.memtable_bytes = 64 << 20;
  options.lock_timeout_ms = 5000;
  return options;
}

class StorageTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    auto opened = server::StorageServer::Open(OptionsFor(dir_.path()));
    ASSERT_TRUE(opened.ok()) << opened.status();
    storage_ = *std::move(opened);
  }
  void Reopen() {
    storage_.reset();
    Open();
  }
  // t(a int4 primary key, b int4).
  void MakeTable(Client* client) {
    const auto made = client->Ddl(CreateTable("t", {{"a", kInt4, true}, {"b", kInt4}}, {0}));
    ASSERT_TRUE(made.ok()) << made.status();
  }
  static Plan AddTo(const common::v1::TableDescriptor& table, int64_t key, int64_t delta) {
    Operator scan = Filter(TargetScan(table), Call("=(int4,int4)", TypeId::kBool,
                                                   {Column(0, kInt4), IntLiteral(key)}));
    Plan plan = Finish(Update(table, scan, {1},
                              {Call("+(int4,int4)", kInt4, {Column(1, kInt4), IntLiteral(delta)})}),
                       {&table});
    *plan.mutable_root()->mutable_update()->mutable_recheck() =
        Call("=(int4,int4)", TypeId::kBool, {Column(0, kInt4), IntLiteral(key)});
    return plan;
  }
  static Plan DeleteKey(const common::v1::TableDescriptor& table, int64_t key) {
    return Finish(
        Delete(table, Filter(TargetScan(table), Call("=(int4,int4)", TypeId::kBool,
                                                     {Column(0, kInt4), IntLiteral(key)}))),
        {&table});
  }

  TempDir dir_;
  std::unique_ptr<server::StorageServer> storage_;
};

// For plans without tables: what they have, or the message that they fail with.
class PlansTest : public StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    client_ = std::make_unique<Client>(storage_.get());
  }
  std::vector<std::string> Rows(Operator root) {
    auto rows = client_->Run(Finish(std::move(root), {}));
    return rows.ok() ? *std::move(rows)
                     : std::vector<std::string>{std::string(rows.status().message())};
  }

  std::unique_ptr<Client> client_;
};

}  // namespace adbms::storage::testing
