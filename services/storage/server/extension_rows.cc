// pg_extension and pg_available_extensions: what extensions of these names have is built in, so
// that they are always there.
#include "services/storage/server/pg_catalog_rows.h"

namespace adbms::storage::server {
namespace {

struct Extension {
  int64_t oid;  // Below the numbers of what users make.
  const char* name;
  const char* version;
  const char* comment;
};
constexpr Extension kExtensions[] = {
    {kBuiltInExtension, "plpgsql", "1.0", "PL/pgSQL procedural language"},
    {13562, "uuid-ossp", "1.1", "generate universally unique identifiers (UUIDs)"},
    {13563, "pgcrypto", "1.3", "cryptographic functions"},
    {13564, "pg_trgm", "1.6", "text similarity measurement based on trigrams"},
    {13565, "btree_gist", "1.7", "support for indexing common datatypes in GiST"},
};

void FillExtensions(const RowSource&, RowBuilder* rows) {
  constexpr int64_t kPgCatalog = 11;
  for (const Extension& extension : kExtensions) {
    rows->Row()
        .Set("oid", extension.oid)
        .Set("extname", extension.name)
        .Set("extowner", int64_t{10})
        .Set("extnamespace", kPgCatalog)
        .SetBool("extrelocatable", false)
        .Set("extversion", extension.version);
  }
}

void FillAvailable(const RowSource&, RowBuilder* rows) {
  for (const Extension& extension : kExtensions) {
    rows->Row()
        .Set("name", extension.name)
        .Set("default_version", extension.version)
        .Set("installed_version", extension.version)
        .Set("comment", extension.comment);
  }
}

}  // namespace

void AddExtensionFills(RowFillMap* fills) {
  fills->emplace("pg_catalog.pg_extension", FillExtensions);
  fills->emplace("pg_catalog.pg_available_extensions", FillAvailable);
}

}  // namespace adbms::storage::server
