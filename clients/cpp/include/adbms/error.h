// What goes wrong, with everything that the server tells of it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace adbms {

// Whether what has failed may succeed as it is.
enum class Retry {
  kNever,
  kTransaction,  // The transaction from its beginning, at once.
  kLater,        // The same after a pause; nothing has been done.
};

enum class TransactionStatus { kUnknown, kIdle, kOpen, kFailed };

struct ErrorFields {
  std::string sqlstate;  // Five characters; PostgreSQL's appendix A.
  std::string message;
  std::string detail;
  std::string hint;
  int position = 0;  // In characters from 1; 0: not told.
  std::string schema;
  std::string table;
  std::string column;
  std::string constraint;
  std::string routine;
  Retry retry = Retry::kNever;
  TransactionStatus transaction_status = TransactionStatus::kUnknown;
};

// Everything that this library throws.
class Error : public std::runtime_error {
 public:
  explicit Error(ErrorFields fields)
      : std::runtime_error(fields.message), fields_(std::move(fields)) {}
  const std::string& sqlstate() const { return fields_.sqlstate; }
  const ErrorFields& fields() const { return fields_; }
  Retry retry() const { return fields_.retry; }

 private:
  ErrorFields fields_;
};

class ConnectionError : public Error {  // 08
  using Error::Error;
};
class NotSupportedError : public Error {  // 0A
  using Error::Error;
};
class DataError : public Error {  // 22: a value that cannot be.
  using Error::Error;
};
class IntegrityError : public Error {  // 23: a constraint does not hold.
  using Error::Error;
};
class TransactionRollback : public Error {  // 40
  using Error::Error;
};
class ProgrammingError : public Error {  // 42: a statement that cannot be.
  using Error::Error;
};
class QueryCanceled : public Error {  // 57014: cancelled, or out of time.
  using Error::Error;
};

// Throws the class that suits the SQLSTATE.
[[noreturn]] void Throw(ErrorFields fields);
[[noreturn]] void Throw(std::string_view sqlstate, std::string_view message,
                        std::string_view hint = {});

}  // namespace adbms
