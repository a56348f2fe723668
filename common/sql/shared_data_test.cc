// Statements of real clients and of public SQL test suites, read from the folder that
// ADBMS_SHARED_DATA names: each one scans and parses without harm. Skipped without it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/sql/sql.h"
#include "common/sql/testing/test_catalog.h"

namespace adbms::sql {
namespace {

int TryStatement(const std::string& sql, int* parsed) {
  ScannedStatement scanned;
  const bool lifted = ScanLiterals(sql, &scanned);
  auto statements = Parse(sql);
  if (!statements.ok()) return 0;
  ++*parsed;
  for (const Statement& statement : *statements) {
    if (statement.statement_class != StatementClass::kPlannable) continue;
    PlanningInput input;
    input.catalog = testing::SampleCatalog();
    input.sql = statement.text;
    ScannedStatement own;
    if (lifted && ScanLiterals(statement.text, &own)) input.literals = &own.literals;
    (void)PlanDefault(input);
  }
  return 1;
}

void ReadLogicTest(const std::filesystem::path& path, int* seen, int* parsed) {
  std::ifstream file(path);
  std::string line;
  std::string sql;
  bool collecting = false;
  while (std::getline(file, line)) {
    if (line.starts_with("statement") || line.starts_with("query")) {
      collecting = true;
      sql.clear();
    } else if (collecting && (line.empty() || line == "----")) {
      collecting = false;
      if (++*seen % 5 == 0) TryStatement(sql, parsed);
    } else if (collecting) {
      sql += line + "\n";
    }
  }
}

void ReadClientStatements(const std::filesystem::path& path, int* seen, int* parsed) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  std::string block;
  std::string line;
  auto flush = [&]() {
    if (block.starts_with("Query ")) {
      ++*seen;
      TryStatement(block.substr(6), parsed);
    }
    block.clear();
  };
  while (std::getline(text, line)) {
    if (line.starts_with("--- x"))
      flush();
    else
      block += line + "\n";
  }
  flush();
}

TEST(SharedData, EveryStatementIsHandled) {
  const char* folder = std::getenv("ADBMS_SHARED_DATA");
  if (folder == nullptr) GTEST_SKIP() << "ADBMS_SHARED_DATA is not set";
  int seen = 0;
  int parsed = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".test")) ReadLogicTest(entry.path(), &seen, &parsed);
    if (name.starts_with("STATEMENTS.")) ReadClientStatements(entry.path(), &seen, &parsed);
  }
  EXPECT_GT(seen, 0);
  RecordProperty("statements", seen);
  RecordProperty("parsed", parsed);
}

}  // namespace
}  // namespace adbms::sql
