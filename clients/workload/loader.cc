#include "clients/workload/loader.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::clients::workload {
namespace {

// One COPY, and with it one transaction.
constexpr size_t kBatchBytes = 8 << 20;
// Remembers what was loaded; written last.
constexpr char kInfoTable[] = "loaded_dataset";

absl::Status LoadTable(const Dataset& dataset, size_t table, PgConnection* connection,
                       LoadProgress* progress, const OnLoadProgress& on_progress) {
  const TableLoad& load = dataset.tables()[table];
  RETURN_IF_ERROR(connection->Query(load.definition).status());
  const absl::Time start = absl::Now();
  const double seconds_before = progress->seconds_in_all;
  progress->table = load.name;
  progress->rows = 0;
  std::string batch;
  int64_t rows = 0;
  for (int64_t unit = 1; unit <= load.units; ++unit) {
    rows += dataset.AppendRows(table, unit, &batch);
    const bool last = unit == load.units;
    if (batch.size() < kBatchBytes && !last) continue;
    RETURN_IF_ERROR(connection->CopyIn(load.name, batch));
    batch.clear();
    progress->rows += rows;
    progress->rows_in_all += rows;
    progress->seconds = absl::ToDoubleSeconds(absl::Now() - start);
    progress->seconds_in_all = seconds_before + progress->seconds;
    progress->table_done = last;
    rows = 0;
    on_progress(*progress);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Load(const Dataset& dataset, const LoadOptions& options,
                  const OnLoadProgress& on_progress) {
  ASSIGN_OR_RETURN(const auto connection, PgConnection::Open(options.connection));
  if (options.replace) {
    for (const TableLoad& table : dataset.tables()) {
      RETURN_IF_ERROR(connection->Query("DROP TABLE IF EXISTS " + table.name).status());
    }
    RETURN_IF_ERROR(connection->Query(absl::StrCat("DROP TABLE IF EXISTS ", kInfoTable)).status());
  }
  LoadProgress progress;
  for (size_t table = 0; table < dataset.tables().size(); ++table) {
    RETURN_IF_ERROR(LoadTable(dataset, table, connection.get(), &progress, on_progress));
  }
  RETURN_IF_ERROR(
      connection->Query(absl::StrCat("CREATE TABLE ", kInfoTable, " (scale float8, seed bigint)"))
          .status());
  return connection
      ->Query(absl::StrCat("INSERT INTO ", kInfoTable, " VALUES (", dataset.scale(), ", ",
                           static_cast<int64_t>(dataset.seed()), ")"))
      .status();
}

absl::StatusOr<Dataset> FindLoaded(PgConnection* connection) {
  const auto found = connection->Query(absl::StrCat("SELECT scale, seed FROM ", kInfoTable));
  if (!found.ok() && status::HasSqlState(found.status(), status::sqlstate::kUndefinedTable)) {
    return absl::NotFoundError("the data set is not loaded; load it with: adbms workload load");
  }
  RETURN_IF_ERROR(found.status());
  double scale = 0;
  int64_t seed = 0;
  if (found->rows.size() != 1 || !absl::SimpleAtod(found->rows[0][0].value_or(""), &scale) ||
      !absl::SimpleAtoi(found->rows[0][1].value_or(""), &seed) || scale <= 0) {
    return absl::NotFoundError(absl::StrCat("table ", kInfoTable, " does not describe a data set"));
  }
  return Dataset(scale, static_cast<uint64_t>(seed));
}

}  // namespace adbms::clients::workload
