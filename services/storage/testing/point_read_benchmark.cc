// What the layers above the engine cost: prepared point reads, single-row writes, bulk load, scan,
// aggregate. Usage: storage_benchmark [rows]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "common/types/batch_rows.h"
#include "services/storage/server/storage_server.h"
#include "services/storage/testing/plans.h"

namespace adbms::storage::testing {
namespace {

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

uint64_t RunAll(Client* client, const api::PreparedPlanPtr& plan,
                const api::ExecuteOptions& options) {
  auto stream = client->session().Execute(client->context(), plan, options);
  Check(stream.status());
  uint64_t rows = 0;
  while (true) {
    types::Batch batch;
    auto more = (*stream)->Next(&batch);
    Check(more.status());
    if (!*more) return rows;
    rows += batch.row_count;
  }
}

int Run(int64_t rows) {
  TempDir dir;
  server::Options options;
  options.data_dir = dir.path();
  auto storage = server::StorageServer::Open(options);
  Check(storage.status());
  Client client(storage->get());
  Check(client
            .Ddl(CreateTable(
                "t", {{"a", TypeId::kInt4, true}, {"b", TypeId::kInt4}, {"c", TypeId::kText}}, {0}))
            .status());
  auto table = client.Table("t");

  auto start = std::chrono::steady_clock::now();
  auto writer = client.session().OpenBulkWriter(client.context(), table.table_id(), {}, {});
  Check(writer.status());
  for (int64_t at = 0; at < rows; at += types::BatchRows()) {
    const auto count = static_cast<uint32_t>(std::min<int64_t>(rows - at, types::BatchRows()));
    types::Batch batch;
    for (TypeId type : {TypeId::kInt4, TypeId::kInt4, TypeId::kText}) {
      batch.columns.push_back(std::make_shared<types::Vector>(types::Type{type, 0}));
      batch.columns.back()->Resize(count);
    }
    for (uint32_t i = 0; i < count; ++i) {
      batch.columns[0]->data<int32_t>()[i] = static_cast<int32_t>(at + i);
      batch.columns[1]->data<int32_t>()[i] = static_cast<int32_t>((at + i) % 1000);
      batch.columns[2]->data<std::string_view>()[i] = "some text of a row, forty characters long";
    }
    batch.row_count = count;
    Check((*writer)->Write(batch));
  }
  Check((*writer)->Finish().status());
  writer->reset();
  std::printf("bulk load        %8.0f rows/s\n", rows / Seconds(start));

  rpc::CallContext context;
  const auto prepare = [&](Plan plan) {
    auto prepared = (*storage)->Prepare(context, std::make_shared<const Plan>(std::move(plan)));
    Check(prepared.status());
    return *prepared;
  };
  for (const char* state : {"memtable", "files"}) {
    const auto point = prepare(
        Finish(IndexScan(table, 0, {1}, {Parameter(0, TypeId::kInt4)}), {&table}, {TypeId::kInt4}));
    api::ExecuteOptions execute;
    execute.parameters.resize(1);
    constexpr int kReads = 200000;
    start = std::chrono::steady_clock::now();
    for (int i = 0; i < kReads; ++i) {
      execute.parameters[0] = types::Value::Int(TypeId::kInt4, (i * 7919ll) % rows);
      if (RunAll(&client, point, execute) != 1) return 1;
    }
    std::printf("point read       %8.2f us (%s)\n", Seconds(start) / kReads * 1e6, state);
    const auto scan = prepare(Finish(SeqScan(table, {1}), {&table}));
    for (int round = 0; round < 2; ++round) {
      start = std::chrono::steady_clock::now();
      RunAll(&client, scan, {});
      std::printf("scan of a column %8.0f rows/s (%s)\n", rows / Seconds(start), state);
    }
    if (state == std::string("memtable")) Check((*storage)->FlushMemtables());
  }
  Operator aggregate;
  *aggregate.mutable_aggregate()->mutable_input() = SeqScan(table, {1});
  *aggregate.mutable_aggregate()->add_keys() = Column(0, TypeId::kInt4);
  auto* call = aggregate.mutable_aggregate()->add_aggregates();
  call->set_function("count(*)");
  *call->mutable_type() = types::ToProto(types::Type{TypeId::kInt8, 0});
  const auto grouped = prepare(Finish(aggregate, {&table}));
  start = std::chrono::steady_clock::now();
  RunAll(&client, grouped, {});
  std::printf("group by         %8.0f rows/s\n", rows / Seconds(start));

  const auto update = prepare(Finish(
      Update(table, IndexScan(table, 0, {0, 1, 2, UINT32_MAX}, {Parameter(0, TypeId::kInt4)}), {1},
             {Call("+(int4,int4)", TypeId::kInt4, {Column(1, TypeId::kInt4), IntLiteral(1)})}),
      {&table}, {TypeId::kInt4}));
  for (int threads : {1, 8}) {
    constexpr int kWrites = 2000;
    start = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        Client worker(storage->get());
        api::ExecuteOptions execute;
        execute.parameters.resize(1);
        for (int i = 0; i < kWrites; ++i) {
          execute.parameters[0] = types::Value::Int(TypeId::kInt4, (i * 7919ll + t * 101) % rows);
          RunAll(&worker, update, execute);
        }
      });
    }
    for (std::thread& worker : workers) worker.join();
    std::printf("durable update   %8.0f /s (%d threads)\n", threads * kWrites / Seconds(start),
                threads);
  }
  return 0;
}

}  // namespace
}  // namespace adbms::storage::testing

int main(int argc, char** argv) {
  return adbms::storage::testing::Run(argc > 1 ? std::atoll(argv[1]) : 1000000);
}
