#include "tests/sql/runner.h"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/status/macros.h"
#include "tests/sql/result_text.h"

namespace adbms::sql_test {
namespace {

constexpr char kFirstSession[] = "default";

// The file's name as a schema's.
std::string SchemaOf(const std::string& path) {
  std::string name = absl::StrCat("t_", std::filesystem::path(path).stem().string());
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

// Some statements PostgreSQL does not support either.
bool ExpectsUnsupported(const Record& record) {
  return record.expects_error && record.sqlstate == "0A000";
}

std::string Describe(const Answer& answer) {
  return answer.ok() ? absl::StrCat("success (", answer.tag, ")")
                     : absl::StrCat("error ", answer.sqlstate, " ", answer.message);
}

// Line by line: what was expected and is missing, what came instead.
std::string Difference(const std::vector<std::string>& expected,
                       const std::vector<std::string>& actual) {
  constexpr size_t kMaxLines = 30;
  std::string text;
  size_t shown = 0;
  for (size_t i = 0; i < std::max(expected.size(), actual.size()) && shown < kMaxLines; ++i) {
    const bool same = i < expected.size() && i < actual.size() && expected[i] == actual[i];
    if (same) continue;
    if (i < expected.size()) absl::StrAppend(&text, "  line ", i + 1, " - ", expected[i], "\n");
    if (i < actual.size()) absl::StrAppend(&text, "  line ", i + 1, " + ", actual[i], "\n");
    ++shown;
  }
  return absl::StrCat("expected ", expected.size(), " lines (-), got ", actual.size(), " (+)\n",
                      text);
}

}  // namespace

absl::StatusOr<Counts> Runner::Run(const std::string& path) {
  ASSIGN_OR_RETURN(const Script script, ReadScript(path));
  counts_ = Counts();
  session_ = kFirstSession;
  labels_.clear();
  recorded_.clear();
  halted_ = false;
  const std::string schema = SchemaOf(path);
  RETURN_IF_ERROR(server_.UseSchema(schema));
  if (options_.reference != nullptr) RETURN_IF_ERROR(options_.reference->UseSchema(schema));
  const absl::Status status = RunRecords(script);
  if (options_.reference != nullptr) RETURN_IF_ERROR(options_.reference->DropSchema());
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(server_.DropSchema());
  if (options_.record) RETURN_IF_ERROR(Rewrite(script, recorded_));
  return counts_;
}

absl::Status Runner::RunRecords(const Script& script) {
  for (size_t i = 0; i < script.records.size() && !halted_; ++i) {
    const absl::Status status = RunRecord(script, i);
    if (status.ok()) continue;
    const Record& record = script.records[i];
    return absl::UnavailableError(absl::StrCat(script.path, ":", record.head_line + 1, ": ",
                                               status.message(), "\n", record.sql));
  }
  return absl::OkStatus();
}

absl::Status Runner::RunRecord(const Script& script, size_t index) {
  const Record& record = script.records[index];
  if (!AppliesTo(record, server_.engines())) {
    ++counts_.skipped;
    return absl::OkStatus();
  }
  switch (record.kind) {
    case RecordKind::kHalt:
      halted_ = true;
      return absl::OkStatus();
    case RecordKind::kSession:
      session_ = record.argument;
      return absl::OkStatus();
    case RecordKind::kHashThreshold:
      return absl::OkStatus();
    case RecordKind::kStatement:
    case RecordKind::kQuery:
      break;
  }
  ASSIGN_OR_RETURN(const Answer answer, server_.Run(session_, record.sql));
  if (options_.record) {
    RecordAnswer(script, index, answer);
    return absl::OkStatus();
  }
  return Compare(script, record, answer);
}

absl::Status Runner::Compare(const Script& script, const Record& record, const Answer& answer) {
  // What a server says it does not support is not a wrong answer; it counts as skipped.
  if (answer.sqlstate == "0A000" && !ExpectsUnsupported(record)) {
    ++counts_.skipped;
    if (options_.show_skipped) Report(script, record, answer.message);
    return absl::OkStatus();
  }
  if (options_.reference != nullptr) return CompareWithReference(script, record, answer);
  if (record.kind == RecordKind::kStatement) {
    CompareStatement(script, record, answer);
  } else {
    CompareQuery(script, record, answer);
  }
  return absl::OkStatus();
}

absl::Status Runner::CompareWithReference(const Script& script, const Record& record,
                                          const Answer& answer) {
  ASSIGN_OR_RETURN(const Answer wanted, options_.reference->Run(session_, record.sql));
  if (wanted.sqlstate != answer.sqlstate) {
    Fail(script, record,
         absl::StrCat("the reference answers ", Describe(wanted), ", this one ", Describe(answer)));
  } else if (FormatRows(wanted, record) != FormatRows(answer, record)) {
    Fail(script, record,
         Difference(RowLines(FormatRows(wanted, record)), RowLines(FormatRows(answer, record))));
  } else {
    Pass();
  }
  return absl::OkStatus();
}

void Runner::CompareStatement(const Script& script, const Record& record, const Answer& answer) {
  if (record.expects_error == answer.ok()) {
    Fail(script, record,
         absl::StrCat(record.expects_error
                          ? absl::StrCat("expected error ", record.sqlstate, " ", record.detail)
                          : "expected success",
                      ", got ", Describe(answer)));
  } else if (record.expects_error &&
             ((!record.sqlstate.empty() && record.sqlstate != answer.sqlstate) ||
              (!record.detail.empty() && record.detail != answer.message))) {
    Fail(script, record,
         absl::StrCat("expected error ", record.sqlstate, " ", record.detail, ", got ",
                      Describe(answer)));
  } else if (!record.expects_error && !record.detail.empty() && record.detail != answer.tag) {
    Fail(script, record, absl::StrCat("expected tag ", record.detail, ", got ", answer.tag));
  } else {
    Pass();
  }
}

void Runner::CompareQuery(const Script& script, const Record& record, const Answer& answer) {
  if (!answer.ok()) return Fail(script, record, Describe(answer));
  if (answer.names.size() != record.types.size()) {
    return Fail(
        script, record,
        absl::StrCat("expected ", record.types.size(), " columns, got ", answer.names.size()));
  }
  const std::vector<std::vector<std::string>> rows = FormatRows(answer, record);
  const std::vector<std::string> actual = LinesLike(record.expected, rows);
  if (actual != record.expected) {
    return Fail(script, record, Difference(record.expected, actual));
  }
  if (!record.label.empty()) {
    const auto [first, added] = labels_.emplace(record.label, ValueLines(rows, 0));
    if (!added && first->second != ValueLines(rows, 0)) {
      return Fail(script, record,
                  absl::StrCat("differs from the first one labelled ", record.label));
    }
  }
  Pass();
}

void Runner::RecordAnswer(const Script& script, size_t index, const Answer& answer) {
  const Record& record = script.records[index];
  Recorded recorded;
  recorded.record = index;
  recorded.head = script.lines[record.head_line];
  if (record.kind == RecordKind::kStatement) {
    recorded.head =
        answer.ok() ? "statement ok" : absl::StrCat("statement error ", answer.sqlstate);
    if (!record.detail.empty()) {
      absl::StrAppend(&recorded.head, " ", answer.ok() ? answer.tag : answer.message);
    }
    if (record.expects_error == answer.ok()) Fail(script, record, Describe(answer));
  } else if (!answer.ok()) {
    Fail(script, record, Describe(answer));
    recorded.answer = record.expected;
  } else {
    if (record.types.size() != answer.names.size()) {
      Fail(script, record, absl::StrCat("there are ", answer.names.size(), " columns"));
    }
    recorded.answer = RowLines(FormatRows(answer, record));
  }
  recorded_.push_back(std::move(recorded));
}

void Runner::Fail(const Script& script, const Record& record, const std::string& what) {
  if (++counts_.failed <= options_.max_reports) Report(script, record, what);
}

void Runner::Report(const Script& script, const Record& record, const std::string& what) {
  std::cout << script.path << ":" << record.head_line + 1 << ": "
            << absl::StripTrailingAsciiWhitespace(absl::string_view(what.data(), what.size()))
            << "\n  sql: " << absl::StrReplaceAll(record.sql, {{"\n", "\n  "}}) << "\n\n";
}

}  // namespace adbms::sql_test
