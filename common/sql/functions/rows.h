// What the binder calls for rows; of no names that a statement can write, but for row_to_json.
#pragma once

namespace adbms::sql::functions {

// ROW(…): any number of fields; the call's type says of what names and types.
inline constexpr char kRowConstructor[] = "row of";
// A field of a row by its position from 0; the call's type is the field's.
inline constexpr char kRowField[] = "row field";
// The row with another value in one of its fields: row, position, value.
inline constexpr char kRowAssignment[] = "row with field";
// IS NULL and IS NOT NULL of a row: of all of its fields.
inline constexpr char kRowIsNull[] = "row is null";
inline constexpr char kRowIsNotNull[] = "row is not null";
// A jsonb value as one of the call's type, as json_populate_record reads fields; the second
// argument is the key, for messages.
inline constexpr char kJsonbRead[] = "jsonb read";
// The json or jsonb itself, which must be an object. Errors: 22023.
inline constexpr char kJsonObject[] = "json object";

}  // namespace adbms::sql::functions
