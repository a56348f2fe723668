// Messages that other processes send beside plans: values, windows of telemetry, rows of
// statistics. The first byte chooses what the rest is.
#include "adbms/common/v1/workload.pb.h"
#include "common/types/text_io.h"
#include "common/types/value.h"
#include "services/orchestrator/intake/workload_store.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/message_mutation.h"

namespace adbms::fuzz {
namespace {

constexpr char kDatum = 'd';
constexpr char kWindow = 'w';

void TakeDatum(const std::string& bytes) {
  common::v1::Datum datum;
  if (!datum.ParseFromString(bytes)) return;
  const auto value = types::FromProto(datum);
  if (!value.ok() || value->is_null()) return;
  std::string text;
  types::FormatText(*value, types::TextOptions(), &text);
  types::Batch batch;
  batch.row_count = 1;
  batch.columns.push_back(std::make_shared<types::Vector>(value->type()));
  batch.columns.back()->Append(*value);
  std::string wire;
  types::FormatBinary(*batch.columns.back(), 0, &wire);
  types::EncodeBatch(batch, &wire);
}

void TakeWindow(const std::string& bytes) {
  common::v1::WorkloadWindow window;
  if (!window.ParseFromString(bytes)) return;
  orchestrator::intake::WorkloadStore store;
  if (!store.Add(window).ok()) return;
  for (const auto& statement : window.statements()) {
    const auto latency = store.Between(statement.fingerprint(), window.start_us(), window.end_us());
    (void)latency.standard_error_us();
  }
  (void)store.Statements();
  (void)store.TakeNew();
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const auto& [id, text] : std::vector<std::pair<types::TypeId, const char*>>{
           {types::TypeId::kInt4, "-7"},
           {types::TypeId::kText, "text"},
           {types::TypeId::kNumeric, "12345.678"},
           {types::TypeId::kFloat8, "1.5"},
           {types::TypeId::kBool, "t"},
           {types::TypeId::kBytea, "\\x00ff"},
           {types::TypeId::kTimestamptz, "2024-01-01"},
           {types::TypeId::kInterval, "1 day"},
           {types::TypeId::kJson, "{}"},
           {types::TypeId::kUuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}}) {
    const auto value = types::ParseText(text, {id, 0}, types::TextOptions());
    seeds.push_back(kDatum + types::ToProto(*value).SerializeAsString());
  }
  common::v1::WorkloadWindow window;
  window.set_source(1);
  window.set_sequence(1);
  window.set_start_us(1000000);
  window.set_end_us(2000000);
  common::v1::StatementWindow* const one = window.add_statements();
  one->set_fingerprint(7);
  one->set_normalized_sql("SELECT $1");
  one->set_calls(10);
  one->set_total_us(5000);
  one->set_sum_squares_ms2(2.5);
  one->set_max_us(900);
  one->add_table_ids(3);
  seeds.push_back(kWindow + window.SerializeAsString());
  return seeds;
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  if (input.empty()) return MutateBytes(std::move(input), random);
  const char kind = input[0];
  common::v1::Datum datum;
  common::v1::WorkloadWindow window;
  google::protobuf::Message* const scratch =
      kind == kDatum ? static_cast<google::protobuf::Message*>(&datum) : &window;
  return kind + MutateMessage(input.substr(1), scratch, random);
}

}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms::fuzz;
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == kDatum) TakeDatum(bytes);
  if (data[0] == kWindow) TakeWindow(bytes);
  return 0;
}
