#include "adbms/error.h"

namespace adbms {

void Throw(ErrorFields fields) {
  const std::string state = fields.sqlstate;
  const std::string kind = state.substr(0, 2);
  if (state == "57014") throw QueryCanceled(std::move(fields));
  if (kind == "08") throw ConnectionError(std::move(fields));
  if (kind == "0A") throw NotSupportedError(std::move(fields));
  if (kind == "22") throw DataError(std::move(fields));
  if (kind == "23") throw IntegrityError(std::move(fields));
  if (kind == "40") throw TransactionRollback(std::move(fields));
  if (kind == "42" || kind == "3D" || kind == "3F" || kind == "44")
    throw ProgrammingError(std::move(fields));
  throw Error(std::move(fields));
}

void Throw(std::string_view sqlstate, std::string_view message, std::string_view hint) {
  ErrorFields fields;
  fields.sqlstate = sqlstate;
  fields.message = message;
  fields.hint = hint;
  Throw(std::move(fields));
}

}  // namespace adbms
