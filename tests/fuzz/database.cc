#include "tests/fuzz/database.h"

namespace adbms::fuzz {
namespace {

constexpr int kMostBatches = 20;

}  // namespace

Database::Database() {
  storage::server::Options options;
  options.data_dir = directory.path();
  options.block_cache_bytes = options.memtable_bytes = 16 << 20;
  options.query_memory_bytes = 32 << 20;
  options.lock_timeout_ms = 100;
  options.sync_commits = false;
  storage = *storage::server::StorageServer::Open(options);
  context.user = "adbms";
  for (const char* statement :
       {"CREATE TABLE public.a (id int PRIMARY KEY, n bigint, t text, d numeric(8,2), x bool)",
        "CREATE INDEX a_n ON public.a (n, t)", "CREATE TABLE public.b (id int, a int, w float8)",
        "CREATE INDEX b_a ON public.b (a)"}) {
    Change(statement);
  }
  for (const char* statement :
       {"INSERT INTO public.a SELECT g, g % 7, 'text ' || g, g / 3.0, g % 2 = 0 FROM "
        "generate_series(1, 300) g",
        "INSERT INTO public.b SELECT g, g % 300, g * 0.5 FROM generate_series(1, 900) g"}) {
    const auto session = *storage->OpenSession(context);
    (void)Run(session.get(), *PlanOf(statement));
  }
}

sql::PlanningInput Database::InputFor(const char* statement) {
  sql::PlanningInput input;
  input.sql = statement;
  input.catalog = std::make_shared<const sql::Catalog>(*storage->GetCatalog(context, 0));
  input.search_path = {"public"};
  input.current_user = input.session_user = "adbms";
  return input;
}

void Database::Change(const char* statement) {
  const auto changes = sql::BindDdl(InputFor(statement));
  const auto session = *storage->OpenSession(context);
  for (const auto& change : changes.value()) {
    (void)session->ExecuteDdl(context, change).value();
  }
}

absl::StatusOr<common::v1::Plan> Database::PlanOf(const char* statement) {
  return sql::PlanDefault(InputFor(statement));
}

absl::Status Database::Run(storage::api::Session* session, const common::v1::Plan& plan) {
  auto prepared = storage->Prepare(context, std::make_shared<const common::v1::Plan>(plan));
  if (!prepared.ok()) return prepared.status();
  storage::api::ExecuteOptions options;
  options.current_user = options.session_user = "adbms";
  for (const auto& type : plan.parameter_types()) {
    options.parameters.push_back(types::Value::Null(types::FromProto(type)));
  }
  rpc::CallContext bounded = context;
  bounded.deadline = absl::Now() + absl::Milliseconds(200);
  auto stream = session->Execute(bounded, *prepared, options);
  if (!stream.ok()) return stream.status();
  types::Batch batch;
  for (int i = 0; i < kMostBatches; ++i) {
    const auto more = (*stream)->Next(&batch);
    if (!more.ok()) return more.status();
    if (!*more) break;
    std::string bytes;  // As it would be sent on.
    types::EncodeBatch(batch, &bytes);
  }
  return absl::OkStatus();
}

Database& TheDatabase() {
  static Database* const database = new Database();
  return *database;
}

}  // namespace adbms::fuzz
