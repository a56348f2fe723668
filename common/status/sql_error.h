// Errors that a user sees: an absl::Status that carries PostgreSQL's SQLSTATE and the fields of an
// ErrorResponse. Thread-safe: all functions are pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace adbms::status {

// PostgreSQL's SQLSTATE codes (manual, appendix A) in use here.
namespace sqlstate {
inline constexpr std::string_view kSuccess = "00000";
inline constexpr std::string_view kConnectionFailure = "08006";
inline constexpr std::string_view kProtocolViolation = "08P01";
inline constexpr std::string_view kFeatureNotSupported = "0A000";
inline constexpr std::string_view kCardinalityViolation = "21000";
inline constexpr std::string_view kStringTruncation = "22001";
inline constexpr std::string_view kNumericOutOfRange = "22003";
inline constexpr std::string_view kNullNotAllowed = "22004";
inline constexpr std::string_view kInvalidDatetimeFormat = "22007";
inline constexpr std::string_view kDatetimeOverflow = "22008";
inline constexpr std::string_view kSubstringError = "22011";
inline constexpr std::string_view kDivisionByZero = "22012";
inline constexpr std::string_view kInvalidEscape = "22025";
inline constexpr std::string_view kInvalidRegex = "2201B";
inline constexpr std::string_view kInvalidRowCountInLimit = "2201W";
inline constexpr std::string_view kInvalidRowCountInOffset = "2201X";
inline constexpr std::string_view kInvalidNthValueArgument = "22016";
inline constexpr std::string_view kInvalidNtileArgument = "22014";
inline constexpr std::string_view kInvalidFrameOffset = "22013";
inline constexpr std::string_view kInvalidParameterValue = "22023";
inline constexpr std::string_view kCharacterNotInRepertoire = "22021";
inline constexpr std::string_view kInvalidTextRepresentation = "22P02";
inline constexpr std::string_view kInvalidBinaryRepresentation = "22P03";
inline constexpr std::string_view kUntranslatableCharacter = "22P05";
inline constexpr std::string_view kBadCopyFileFormat = "22P04";
inline constexpr std::string_view kNotNullViolation = "23502";
inline constexpr std::string_view kForeignKeyViolation = "23503";
inline constexpr std::string_view kUniqueViolation = "23505";
inline constexpr std::string_view kCheckViolation = "23514";
inline constexpr std::string_view kActiveTransaction = "25001";
inline constexpr std::string_view kReadOnlyTransaction = "25006";
inline constexpr std::string_view kNoActiveTransaction = "25P01";
inline constexpr std::string_view kInFailedTransaction = "25P02";
inline constexpr std::string_view kInvalidStatementName = "26000";
inline constexpr std::string_view kInvalidAuthorization = "28000";
inline constexpr std::string_view kInvalidPassword = "28P01";
inline constexpr std::string_view kInvalidSavepoint = "3B001";
inline constexpr std::string_view kInvalidCatalogName = "3D000";
inline constexpr std::string_view kInvalidCursorName = "34000";
inline constexpr std::string_view kInvalidSchemaName = "3F000";
inline constexpr std::string_view kSerializationFailure = "40001";
inline constexpr std::string_view kDeadlockDetected = "40P01";
inline constexpr std::string_view kSyntaxError = "42601";
inline constexpr std::string_view kInsufficientPrivilege = "42501";
inline constexpr std::string_view kCannotCoerce = "42846";
inline constexpr std::string_view kGroupingError = "42803";
inline constexpr std::string_view kDatatypeMismatch = "42804";
inline constexpr std::string_view kWrongObjectType = "42809";
inline constexpr std::string_view kUndefinedColumn = "42703";
inline constexpr std::string_view kUndefinedFunction = "42883";
inline constexpr std::string_view kUndefinedTable = "42P01";
inline constexpr std::string_view kUndefinedParameter = "42P02";
inline constexpr std::string_view kUndefinedObject = "42704";
inline constexpr std::string_view kDuplicateColumn = "42701";
inline constexpr std::string_view kDuplicateCursor = "42P03";
inline constexpr std::string_view kDuplicatePreparedStatement = "42P05";
inline constexpr std::string_view kDuplicateDatabase = "42P04";
inline constexpr std::string_view kDuplicateSchema = "42P06";
inline constexpr std::string_view kDuplicateTable = "42P07";
inline constexpr std::string_view kDuplicateAlias = "42712";
inline constexpr std::string_view kDuplicateObject = "42710";
inline constexpr std::string_view kAmbiguousColumn = "42702";
inline constexpr std::string_view kAmbiguousFunction = "42725";
inline constexpr std::string_view kInvalidColumnReference = "42P10";
inline constexpr std::string_view kInvalidTableDefinition = "42P16";
inline constexpr std::string_view kWindowingError = "42P20";
inline constexpr std::string_view kIndeterminateDatatype = "42P18";
inline constexpr std::string_view kCollationMismatch = "42P21";
inline constexpr std::string_view kIndeterminateCollation = "42P22";
inline constexpr std::string_view kDiskFull = "53100";
inline constexpr std::string_view kOutOfMemory = "53200";
inline constexpr std::string_view kTooManyConnections = "53300";
inline constexpr std::string_view kConfigurationLimit = "53400";
inline constexpr std::string_view kProgramLimitExceeded = "54000";
inline constexpr std::string_view kStatementTooComplex = "54001";
inline constexpr std::string_view kTooManyColumns = "54011";
inline constexpr std::string_view kObjectNotInPrerequisiteState = "55000";
inline constexpr std::string_view kObjectInUse = "55006";
inline constexpr std::string_view kLockNotAvailable = "55P03";
inline constexpr std::string_view kCantChangeRuntimeParam = "55P02";
inline constexpr std::string_view kQueryCanceled = "57014";
inline constexpr std::string_view kAdminShutdown = "57P01";
inline constexpr std::string_view kCannotConnectNow = "57P03";
inline constexpr std::string_view kIoError = "58030";
inline constexpr std::string_view kInternalError = "XX000";
inline constexpr std::string_view kDataCorrupted = "XX001";
// Never shown to a user: the plan was made for another catalog version and must be made anew.
inline constexpr std::string_view kStalePlan = "ADB01";
}  // namespace sqlstate

// The fields of an ErrorResponse. Empty means absent.
struct SqlError {
  std::string sqlstate;
  std::string message;
  std::string detail;
  std::string hint;
  int position = 0;  // In characters from 1; 0: none.
  std::string schema;
  std::string table;
  std::string column;
  std::string constraint;
  std::string routine;  // What drivers tell two errors of one SQLSTATE apart by.
};

// A status that carries `error`. Its code is the nearest canonical one.
absl::Status ToStatus(const SqlError& error);

// The short form of ToStatus.
absl::Status Error(std::string_view sqlstate, std::string_view message,
                   std::string_view detail = {}, std::string_view hint = {});

// As Error, pointing at character `position` of the statement, from 1.
absl::Status ErrorAt(std::string_view sqlstate, int position, std::string_view message,
                     std::string_view hint = {});

// SQLSTATE 0A000 with message "<what> is not supported".
absl::Status NotSupported(std::string_view what);

// Reads the fields back; for a status without them the SQLSTATE is derived from the code.
// REQUIRES: !status.ok().
SqlError FromStatus(const absl::Status& status);

// Whether `status` carries this SQLSTATE.
bool HasSqlState(const absl::Status& status, std::string_view sqlstate);

// Bytes that carry `status` across a process boundary, and back.
std::string Encode(const absl::Status& status);
absl::Status Decode(std::string_view bytes);

}  // namespace adbms::status
