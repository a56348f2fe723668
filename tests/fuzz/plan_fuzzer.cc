// Plans as another process might send them: storage refuses what makes no sense and never crashes.
#include <filesystem>

#include "common/sql/sql.h"
#include "services/storage/server/storage_server.h"
#include "services/storage/testing/plans.h"
#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kMostBatches = 20;

struct Database {
  storage::testing::TempDir directory;
  std::unique_ptr<storage::server::StorageServer> storage;
  rpc::CallContext context;

  Database() {
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

  sql::PlanningInput InputFor(const char* statement) {
    sql::PlanningInput input;
    input.sql = statement;
    input.catalog = std::make_shared<const sql::Catalog>(*storage->GetCatalog(context, 0));
    input.search_path = {"public"};
    input.current_user = input.session_user = "adbms";
    return input;
  }

  void Change(const char* statement) {
    const auto changes = sql::BindDdl(InputFor(statement));
    const auto session = *storage->OpenSession(context);
    for (const auto& change : changes.value()) {
      (void)session->ExecuteDdl(context, change).value();
    }
  }

  absl::StatusOr<common::v1::Plan> PlanOf(const char* statement) {
    return sql::PlanDefault(InputFor(statement));
  }

  absl::Status Run(storage::api::Session* session, const common::v1::Plan& plan) {
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
};

Database& TheDatabase() {
  static Database* const database = new Database();
  return *database;
}

// Every message of the tree.
void Collect(Message* message, std::vector<Message*>* all) {
  all->push_back(message);
  const auto* const reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* const field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      Collect(reflection->MutableMessage(message, field), all);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      Collect(reflection->MutableRepeatedMessage(message, field, i), all);
    }
  }
}

// Changes one field that is set: a number, a choice, or how many there are.
void Disturb(Message* message, std::mt19937_64& random) {
  const auto* const reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  if (fields.empty()) return;
  const FieldDescriptor* const field = fields[random() % fields.size()];
  constexpr int64_t kNumbers[] = {0, 1, 2, 3, 7, 100, -1, INT32_MAX};
  const int64_t number = kNumbers[random() % std::size(kNumbers)];
  if (field->is_repeated()) {
    if (random() % 2 == 0) {
      reflection->RemoveLast(message, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
      reflection->AddUInt32(message, field, static_cast<uint32_t>(number));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Message* const added = reflection->AddMessage(message, field);
      if (random() % 2 == 0) {
        added->CopyFrom(reflection->GetRepeatedMessage(*message, field, 0));
      }
    }
    return;
  }
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection->SetUInt32(message, field, static_cast<uint32_t>(number));
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      reflection->SetInt32(message, field, static_cast<int32_t>(number));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      reflection->SetUInt64(message, field, static_cast<uint64_t>(number));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      reflection->SetInt64(message, field, number);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection->SetBool(message, field, !reflection->GetBool(*message, field));
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      reflection->SetEnumValue(message, field, static_cast<int>(random() % 40));
      break;
    default:
      reflection->ClearField(message, field);
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const char* statement :
       {"SELECT * FROM a",
        "SELECT t, n FROM a WHERE id = 7",
        "SELECT id FROM a WHERE n = 3 ORDER BY t",
        "SELECT n, count(*), sum(d), max(t), avg(id) FROM a WHERE x GROUP BY n HAVING count(*) > 2",
        "SELECT a.t, b.w FROM a JOIN b ON a.id = b.a WHERE b.w > 10 ORDER BY 2 DESC, 1 LIMIT 5 "
        "OFFSET 1",
        "SELECT a.id FROM a LEFT JOIN b ON a.id = b.id WHERE b.id IS NULL",
        "SELECT id FROM a FULL JOIN b USING (id)",
        "SELECT * FROM a, generate_series(1, 3) g WHERE g < n",
        "SELECT id, (SELECT max(w) FROM b WHERE b.a = a.id) FROM a WHERE EXISTS (SELECT 1 FROM b "
        "WHERE b.id = a.id AND b.w <> a.d)",
        "SELECT id FROM a WHERE n NOT IN (SELECT a FROM b WHERE w < 5)",
        "WITH c AS (SELECT n, count(*) k FROM a GROUP BY n) SELECT x.n, y.k FROM c x JOIN c y ON "
        "x.n = y.k",
        "SELECT id FROM a UNION SELECT id FROM b EXCEPT SELECT n FROM a",
        "SELECT DISTINCT n, x FROM a WHERE t LIKE 'text 1%' OR d BETWEEN 3 AND 9 OR id IN (1, 5, "
        "9)",
        "SELECT CASE WHEN x THEN t ELSE upper(t) END, coalesce(n, 0) + id, d::text || t, x IS NOT "
        "TRUE FROM a",
        "INSERT INTO a VALUES (1000, 1, 'x', 2.5, true), (1001, 2, 'y', NULL, false) RETURNING id",
        "INSERT INTO b SELECT id, n, d FROM a",
        "UPDATE a SET n = n + 1, t = 'z' WHERE n = 3 RETURNING t",
        "UPDATE b SET w = a.id FROM a WHERE a.id = b.a",
        "DELETE FROM a WHERE id < 10",
        "DELETE FROM b WHERE a IN (SELECT id FROM a WHERE x)",
        "SELECT * FROM a WHERE id = 5 FOR UPDATE",
        "SELECT relname, relkind FROM pg_class WHERE relname = 'a'",
        "VALUES (1, 'a'), (2, NULL)"}) {
    const auto plan = TheDatabase().PlanOf(statement);
    if (plan.ok()) seeds.push_back(plan->SerializeAsString());
  }
  return seeds;
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  common::v1::Plan plan;
  if (random() % 10 == 0 || !plan.ParseFromString(input)) {
    return MutateBytes(std::move(input), random);
  }
  std::vector<Message*> all;
  Collect(&plan, &all);
  if (random() % 4 == 0) {
    // A part in the place of another of its kind.
    Message* const target = all[random() % all.size()];
    const Message* const source = all[random() % all.size()];
    if (target != source && target->GetDescriptor() == source->GetDescriptor()) {
      const std::string copy = source->SerializeAsString();
      target->ParseFromString(copy);
      return plan.SerializeAsString();
    }
  }
  Disturb(all[random() % all.size()], random);
  return plan.SerializeAsString();
}

}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  common::v1::Plan plan;
  if (!plan.ParseFromArray(data, static_cast<int>(size))) return 0;
  fuzz::Database& database = fuzz::TheDatabase();
  const auto session = *database.storage->OpenSession(database.context);
  if (!session->Begin(database.context, {}).ok()) return 0;
  (void)database.Run(session.get(), plan);
  (void)session->Rollback(database.context);
  return 0;
}
