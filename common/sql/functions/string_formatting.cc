// Quoting, format(), encodings and digests.
#include <openssl/evp.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::TypeId;
using types::Vector;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

// Words that need quotes as identifiers though they look plain: PostgreSQL's keywords that are not
// "unreserved" (manual, appendix C).
constexpr View kKeywords[] = {
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
};

std::string QuoteIdentifier(const View& name) {
  const bool plain = !name.empty() && (name[0] == '_' || (name[0] >= 'a' && name[0] <= 'z')) &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                     });
  if (plain && std::find(std::begin(kKeywords), std::end(kKeywords), name) == std::end(kKeywords)) {
    return std::string(name);
  }
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

std::string QuoteLiteral(const View& text) {
  std::string out;
  if (text.find('\\') != View::npos) out.push_back('E');
  out.push_back('\'');
  for (const char c : text) {
    if (c == '\'' || c == '\\') out.push_back(c);
    out.push_back(c);
  }
  out.push_back('\'');
  return out;
}

absl::Status QuoteNullable(const EvaluationContext& context,
                           const std::vector<const Vector*>& arguments, uint32_t row,
                           Vector* result) {
  const bool null = arguments[0]->is_null(row);
  result->data<View>()[row] =
      result->arena()->Add(null ? "NULL" : QuoteLiteral(arguments[0]->data<View>()[row]));
  return absl::OkStatus();
}

absl::Status QuoteAny(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                      uint32_t row, Vector* result) {
  std::string text;
  types::FormatText(*arguments[0], row, OptionsOf(context), &text);
  result->data<View>()[row] = result->arena()->Add(QuoteLiteral(text));
  return absl::OkStatus();
}

// One %-specifier of format().
struct Specifier {
  size_t argument = 0;  // Explicit position, 0: the next.
  bool left = false;
  int width = 0;
  bool width_from_argument = false;
  char kind = 's';
};

absl::StatusOr<Specifier> ReadSpecifier(View format, size_t* position) {
  Specifier specifier;
  size_t& i = *position;
  const auto number = [&] {
    size_t value = 0;
    while (i < format.size() && format[i] >= '0' && format[i] <= '9' && value < 100'000'000) {
      value = value * 10 + static_cast<size_t>(format[i++] - '0');
    }
    return value;
  };
  const size_t start = i;
  const size_t leading = number();
  if (i > start && i < format.size() && format[i] == '$') {
    if (leading == 0) {
      return Error(sqlstate::kInvalidParameterValue,
                   "format specifies argument 0, but arguments are numbered from 1");
    }
    specifier.argument = leading;
    ++i;
  } else {
    i = start;
  }
  while (i < format.size() && format[i] == '-') {
    specifier.left = true;
    ++i;
  }
  if (i < format.size() && format[i] == '*') {
    specifier.width_from_argument = true;
    ++i;
  } else {
    specifier.width = static_cast<int>(number());
  }
  if (i >= format.size()) {
    return Error(sqlstate::kInvalidParameterValue, "unterminated format() type specifier", {},
                 "For a single \"%\" use \"%%\".");
  }
  specifier.kind = format[i++];
  if (specifier.kind != 's' && specifier.kind != 'I' && specifier.kind != 'L') {
    return Error(sqlstate::kInvalidParameterValue,
                 std::string("unrecognized format() type specifier \"") + specifier.kind + "\"", {},
                 "For a single \"%\" use \"%%\".");
  }
  return specifier;
}

absl::Status AppendArgument(const Specifier& specifier, const Vector& argument, uint32_t row,
                            const types::TextOptions& options, GrowingText* grown,
                            std::string* out) {
  std::string text;
  if (!argument.is_null(row)) {
    types::FormatText(argument, row, options, &text);
    if (specifier.kind == 'I') text = QuoteIdentifier(text);
    if (specifier.kind == 'L') text = QuoteLiteral(text);
  } else if (specifier.kind == 'L') {
    text = "NULL";
  } else if (specifier.kind == 'I') {
    return Error(sqlstate::kNullNotAllowed, "null values cannot be formatted as an SQL identifier");
  }
  const size_t length = types::Utf8Length(text);
  const auto width = static_cast<size_t>(std::abs(specifier.width));
  const bool left = specifier.left || specifier.width < 0;
  const size_t padding = width > length ? width - length : 0;
  RETURN_IF_ERROR(grown->Reached(out->size() + text.size() + padding));
  if (!left) out->append(padding, ' ');
  out->append(text);
  if (left) out->append(padding, ' ');
  return absl::OkStatus();
}

absl::Status FormatRow(const EvaluationContext& context,
                       const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  if (arguments[0]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const View format = arguments[0]->data<View>()[row];
  const types::TextOptions options = OptionsOf(context);
  GrowingText grown(context);
  std::string out;
  size_t next = 1;
  for (size_t i = 0; i < format.size();) {
    if (format[i] != '%') {
      out.push_back(format[i++]);
      continue;
    }
    if (++i < format.size() && format[i] == '%') {
      out.push_back('%');
      ++i;
      continue;
    }
    ASSIGN_OR_RETURN(Specifier specifier, ReadSpecifier(format, &i));
    if (specifier.width_from_argument) {
      if (next >= arguments.size()) {
        return Error(sqlstate::kInvalidParameterValue, "too few arguments for format()");
      }
      const Vector& width = *arguments[next++];
      if (!width.is_null(row)) {
        if (width.physical() != types::Physical::kInt32) {
          return status::NotSupported("format() width of a type other than integer");
        }
        specifier.width = width.data<int32_t>()[row];
      }
    }
    if (specifier.argument > 0) next = specifier.argument;
    if (next >= arguments.size()) {
      return Error(sqlstate::kInvalidParameterValue, "too few arguments for format()");
    }
    RETURN_IF_ERROR(AppendArgument(specifier, *arguments[next++], row, options, &grown, &out));
  }
  result->data<View>()[row] = result->arena()->Add(out);
  return absl::OkStatus();
}

std::string Hexadecimal(uint64_t value) {
  char buffer[20];
  const int length =
      std::snprintf(buffer, sizeof(buffer), "%llx", static_cast<unsigned long long>(value));
  return std::string(buffer, static_cast<size_t>(length));
}

std::string HexOf(View bytes) {
  std::string out;
  types::FormatBytea(bytes, true, &out);
  return out.substr(2);
}

std::string Digest(const EVP_MD* algorithm, View input) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(input.data(), input.size(), digest, &length, algorithm, nullptr);
  return std::string(reinterpret_cast<char*>(digest), length);
}

absl::Status UnknownEncoding(View name) {
  return Error(sqlstate::kInvalidParameterValue,
               "unrecognized encoding: \"" + std::string(name) + "\"");
}

absl::StatusOr<std::string> Encode(const View& bytes, const View& encoding) {
  if (encoding == "hex") return HexOf(bytes);
  if (encoding == "escape") {
    // Only zero and high bytes are escaped here, unlike in bytea's output.
    std::string out;
    for (const unsigned char byte : bytes) {
      if (byte == 0 || byte > 127) {
        out.push_back('\\');
        for (const int shift : {6, 3, 0})
          out.push_back(static_cast<char>('0' + (byte >> shift & 7)));
      } else {
        if (byte == '\\') out.push_back('\\');
        out.push_back(static_cast<char>(byte));
      }
    }
    return out;
  }
  if (encoding != "base64") return UnknownEncoding(encoding);
  const std::string base64 = absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
  std::string out;
  for (size_t i = 0; i < base64.size(); i += 76) {
    if (i > 0) out.push_back('\n');
    out.append(base64, i, 76);
  }
  return out;
}

absl::StatusOr<std::string> Decode(const View& text, const View& encoding) {
  std::string out;
  if (encoding == "hex") {
    RETURN_IF_ERROR(types::ParseBytea("\\x" + std::string(text), &out));
    return out;
  }
  if (encoding == "escape") {
    RETURN_IF_ERROR(types::ParseBytea(text, &out));
    return out;
  }
  if (encoding != "base64") return UnknownEncoding(encoding);
  std::string compact;
  for (const char c : text) {
    if (c != '\n' && c != ' ' && c != '\r' && c != '\t') compact.push_back(c);
  }
  if (!absl::Base64Unescape(compact, &out)) {
    return Error(sqlstate::kInvalidParameterValue, "invalid base64 end sequence");
  }
  return out;
}

std::string Md5(const View& s) { return HexOf(Digest(EVP_md5(), s)); }
std::string Sha256(const View& s) { return Digest(EVP_sha256(), s); }

}  // namespace

void AddStringFormatting(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  const TypeId bytea = TypeId::kBytea;
  const TypeId any = TypeId::kUnspecified;
  builder.AddFunction("quote_ident", {text}, text, Map<QuoteIdentifier>);
  builder.AddFunction("quote_literal", {text}, text, Map<QuoteLiteral>);
  builder.AddFunction("quote_literal", {any}, text, MapAny<QuoteAny>, kStable);
  builder.AddFunction("quote_nullable", {text}, text, MapAny<QuoteNullable>, kNotStrict);
  builder.AddFunction("format", {text}, text, MapAny<FormatRow>,
                      {false, false, Volatility::kStable});
  builder.AddFunction("format", {text, any}, text, MapAny<FormatRow>,
                      {false, true, Volatility::kStable});
  builder.AddFunction("to_hex", {TypeId::kInt4}, text,
                      Map<[](int32_t x) { return Hexadecimal(static_cast<uint32_t>(x)); }>);
  builder.AddFunction("to_hex", {TypeId::kInt8}, text,
                      Map<[](int64_t x) { return Hexadecimal(static_cast<uint64_t>(x)); }>);
  builder.AddFunction("md5", {text}, text, Map<Md5>);
  builder.AddFunction("md5", {bytea}, text, Map<Md5>);
  builder.AddFunction("sha256", {bytea}, bytea, Map<Sha256>);
  builder.AddFunction("encode", {bytea, text}, text, Map<Encode>);
  builder.AddFunction("decode", {text, text}, bytea, Map<Decode>);
}

}  // namespace adbms::sql::functions
