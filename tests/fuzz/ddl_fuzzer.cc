// Changes of the catalog as another process might send them, each rolled back.
#include "tests/fuzz/database.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/message_mutation.h"

namespace adbms::fuzz {

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const char* statement :
       {"CREATE TABLE public.c (id int PRIMARY KEY, b varchar(3) DEFAULT 'x' CHECK (b <> ''), n "
        "numeric(8,2) NOT NULL, UNIQUE (b, n))",
        "CREATE TABLE IF NOT EXISTS public.a (id int)", "DROP TABLE public.a, public.b CASCADE",
        "ALTER TABLE public.a ADD COLUMN y int DEFAULT 7", "ALTER TABLE public.a DROP COLUMN t",
        "ALTER TABLE public.a RENAME COLUMN n TO m", "ALTER TABLE public.a RENAME TO z",
        "ALTER TABLE public.b ADD CONSTRAINT k UNIQUE (id)",
        "ALTER TABLE public.b ALTER COLUMN w SET NOT NULL",
        "CREATE UNIQUE INDEX u ON public.b (id DESC, a) INCLUDE (w)", "DROP INDEX public.a_n",
        "TRUNCATE public.a", "CREATE SCHEMA s", "DROP SCHEMA s CASCADE",
        "CREATE VIEW public.v AS SELECT id, n FROM public.a", "DROP VIEW IF EXISTS public.v"}) {
    const auto changes = sql::BindDdl(TheDatabase().InputFor(statement));
    if (!changes.ok()) continue;
    for (const auto& change : *changes) seeds.push_back(change.SerializeAsString());
  }
  return seeds;
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  common::v1::DdlStatement statement;
  return MutateMessage(std::move(input), &statement, random);
}

}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  common::v1::DdlStatement statement;
  if (!statement.ParseFromArray(data, static_cast<int>(size))) return 0;
  fuzz::Database& database = fuzz::TheDatabase();
  const auto session = *database.storage->OpenSession(database.context);
  if (!session->Begin(database.context, {}).ok()) return 0;
  rpc::CallContext bounded = database.context;
  bounded.deadline = absl::Now() + absl::Seconds(2);
  if (session->ExecuteDdl(bounded, statement).ok()) {
    // The table is read as the transaction sees it: what was accepted must hold together.
    (void)session->GetCatalog(bounded);
    (void)session->Analyze(bounded, {});
  }
  (void)session->Rollback(database.context);
  return 0;
}
