// Functions that cut, search and join strings.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/container/flat_hash_map.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/find.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/unicode.h"
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

// A scratch string that grew longer is not kept for the next row.
constexpr size_t kScratchKept = size_t{1} << 20;
const TypeId kText = TypeId::kText;
const TypeId kBytea = TypeId::kBytea;
const TypeId kInt4 = TypeId::kInt4;

using Context = EvaluationContext;

// Appends to a text under way.
char* Put(View text, char* target) {
  if (!text.empty()) std::memcpy(target, text.data(), text.size());
  return target + text.size();
}

absl::Status Concatenate(const Context&, const View& a, const View& b, TextOutput& output) {
  ASSIGN_OR_RETURN(char* target, output.Make(a.size() + b.size()));
  Put(b, Put(a, target));
  return absl::OkStatus();
}

// Adds a row of text that was put together elsewhere.
absl::Status StoreText(const Context& context, View text, uint32_t row, Vector* result) {
  RETURN_IF_ERROR(context.Handled(text.size() + 64));
  TextOutput output(result, row);
  ASSIGN_OR_RETURN(char* target, output.Make(text.size()));
  Put(text, target);
  return absl::OkStatus();
}

// Bytes of the strings in a row: about what a text made of them needs.
size_t BytesOfRow(const std::vector<const Vector*>& arguments, uint32_t row) {
  size_t bytes = 0;
  for (const Vector* argument : arguments) {
    if (!argument->has_strings() || argument->is_null(row)) continue;
    bytes += argument->string(row).size();
  }
  return bytes;
}

// As a cast to text has it, which of these types is not how they are printed.
void AppendCast(const Vector& values, uint32_t row, const types::TextOptions& options,
                std::string* out) {
  if (values.type().id == TypeId::kBool) {
    out->append(values.Get(row).bool_value() ? "true" : "false");
    return;
  }
  const size_t start = out->size();
  types::FormatText(values, row, options, out);
  if (values.type().id != TypeId::kInet || out->find('/', start) != std::string::npos) return;
  out->append(out->find(':', start) == std::string::npos ? "/32" : "/128");
}

absl::Status ConcatenateAny(const EvaluationContext& context,
                            const std::vector<const Vector*>& arguments, uint32_t rows,
                            Vector* result) {
  const types::TextOptions options = OptionsOf(context);
  std::string out;
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    out.clear();
    ScratchMemory scratch(context);
    RETURN_IF_ERROR(scratch.Take(2 * BytesOfRow(arguments, row)));
    for (const Vector* argument : arguments) AppendCast(*argument, row, options, &out);
    RETURN_IF_ERROR(StoreText(context, out, row, result));
    if (out.capacity() > kScratchKept) out = std::string();
  }
  return absl::OkStatus();
}

// concat and concat_ws: NULL arguments are left out.
template <bool kWithSeparator>
absl::Status Concat(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                    uint32_t rows, Vector* result) {
  const types::TextOptions options = OptionsOf(context);
  std::string out;
  for (uint32_t row = 0; row < rows; ++row) {
    if (kWithSeparator && arguments[0]->is_null(row)) {
      result->SetNull(row);
      continue;
    }
    out.clear();
    ScratchMemory scratch(context);
    size_t bytes = BytesOfRow(arguments, row);
    if (kWithSeparator) bytes += arguments[0]->data<View>()[row].size() * arguments.size();
    RETURN_IF_ERROR(scratch.Take(2 * bytes));
    bool first = true;
    for (size_t i = kWithSeparator ? 1 : 0; i < arguments.size(); ++i) {
      if (arguments[i]->is_null(row)) continue;
      if (kWithSeparator && !first) out.append(arguments[0]->data<View>()[row]);
      first = false;
      types::FormatText(*arguments[i], row, options, &out);
    }
    RETURN_IF_ERROR(StoreText(context, out, row, result));
    if (out.capacity() > kScratchKept) out = std::string();
  }
  return absl::OkStatus();
}

int32_t CharacterCount(const View& text) { return static_cast<int32_t>(types::Utf8Length(text)); }
int32_t PaddedCharacterCount(const View& text) {
  return static_cast<int32_t>(types::Utf8Length(types::TrimBlanks(text)));
}
int32_t ByteCount(const View& text) { return static_cast<int32_t>(text.size()); }

// Characters (or bytes) from `start` (1-based, may be before the text) of `length` or to the end.
template <bool kBytes>
absl::StatusOr<View> Slice(View text, int64_t start, int64_t length, bool to_end) {
  if (!to_end && length < 0) {
    return Error(sqlstate::kSubstringError, "negative substring length not allowed");
  }
  const int64_t end = to_end ? INT64_MAX : start + length;
  const int64_t from = std::max<int64_t>(start, 1) - 1;
  if (end - 1 <= from) return View();
  const auto cut = [&](int64_t characters) -> size_t {
    const auto count = static_cast<size_t>(characters);
    return kBytes ? std::min(count, text.size()) : types::Utf8Prefix(text, count);
  };
  const size_t first = cut(from);
  text.remove_prefix(first);
  return to_end ? text : text.substr(0, cut(end - 1 - from));
}

int32_t Position(const View& text, const View& part) {
  const size_t found = Find(text, part, 0);
  return found == View::npos ? 0
                             : static_cast<int32_t>(types::Utf8Length(text.substr(0, found))) + 1;
}
int32_t BytePosition(const View& text, const View& part) {
  const size_t found = Find(text, part, 0);
  return found == View::npos ? 0 : static_cast<int32_t>(found) + 1;
}

bool ContainsCharacter(View set, View character) {
  for (size_t i = 0; i < set.size();) {
    const size_t length = std::min(CharacterLength(set[i]), set.size() - i);
    if (set.substr(i, length) == character) return true;
    i += length;
  }
  return false;
}

template <bool kLeft, bool kRight>
absl::StatusOr<View> Trim(const Context& context, const View& input, const View& set) {
  View text = input;
  while (kLeft && !text.empty()) {
    RETURN_IF_ERROR(context.Handled(set.size()));
    const size_t length = std::min(CharacterLength(text[0]), text.size());
    if (!ContainsCharacter(set, text.substr(0, length))) break;
    text.remove_prefix(length);
  }
  while (kRight && !text.empty()) {
    RETURN_IF_ERROR(context.Handled(set.size()));
    size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) --start;
    if (!ContainsCharacter(set, text.substr(start))) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

// Looks for the parts twice: the result's length must be known before it is made.
absl::Status Replace(const Context& context, const View& text, const View& from, const View& to,
                     TextOutput& output) {
  uint64_t size = text.size();
  if (!from.empty()) {
    size_t position = 0;
    for (size_t found; (found = Find(text, from, position)) != View::npos;
         position = found + from.size()) {
      RETURN_IF_ERROR(context.Handled(found - position + from.size()));
      size = size - from.size() + to.size();
    }
  }
  ASSIGN_OR_RETURN(char* target, output.Make(size));
  size_t position = 0;
  if (!from.empty()) {
    for (size_t found; (found = Find(text, from, position)) != View::npos;
         position = found + from.size()) {
      RETURN_IF_ERROR(context.Handled(found - position + from.size() + to.size()));
      target = Put(to, Put(text.substr(position, found - position), target));
    }
  }
  Put(text.substr(position), target);
  return absl::OkStatus();
}

View Left(const View& text, int32_t count) {
  const int64_t wanted =
      count >= 0 ? count : std::max<int64_t>(CharacterCount(text) + int64_t{count}, 0);
  return text.substr(0, types::Utf8Prefix(text, static_cast<size_t>(wanted)));
}

View Right(const View& text, int32_t count) {
  const int64_t total = CharacterCount(text);
  const int64_t skipped =
      count >= 0 ? std::max<int64_t>(total - count, 0) : std::min(-int64_t{count}, total);
  return text.substr(types::Utf8Prefix(text, static_cast<size_t>(skipped)));
}

template <bool kLeft>
absl::Status Pad(const Context& context, const View& text, const int32_t& count, const View& fill,
                 TextOutput& output) {
  const auto wanted = static_cast<size_t>(std::max(count, 0));
  const size_t length = types::Utf8Length(text);
  if (length >= wanted || fill.empty()) {
    const View kept = text.substr(0, types::Utf8Prefix(text, wanted));
    ASSIGN_OR_RETURN(char* target, output.Make(kept.size()));
    Put(kept, target);
    return absl::OkStatus();
  }
  const size_t fill_length = types::Utf8Length(fill);
  const size_t times = (wanted - length) / fill_length;
  const View rest = fill.substr(0, types::Utf8Prefix(fill, (wanted - length) % fill_length));
  ASSIGN_OR_RETURN(char* target,
                   output.Make(text.size() + uint64_t{times} * fill.size() + rest.size()));
  if (!kLeft) target = Put(text, target);
  for (size_t i = 0; i < times; ++i) {
    RETURN_IF_ERROR(context.Handled(fill.size()));
    target = Put(fill, target);
  }
  target = Put(rest, target);
  if (kLeft) Put(text, target);
  return absl::OkStatus();
}

absl::Status Repeat(const Context& context, const View& text, const int32_t& count,
                    TextOutput& output) {
  const auto size = text.size() * static_cast<uint64_t>(std::max(count, 0));
  ASSIGN_OR_RETURN(char* target, output.Make(size));
  if (size == 0) return absl::OkStatus();
  Put(text, target);
  // What is there is copied behind itself, a part of a cache's size at a time.
  constexpr uint64_t kCopied = 64 << 10;
  for (uint64_t filled = text.size(); filled < size;) {
    const uint64_t whole = std::max<uint64_t>(kCopied / text.size(), 1) * text.size();
    const uint64_t part = std::min({filled, size - filled, whole});
    std::memcpy(target + filled, target, part);
    filled += part;
    RETURN_IF_ERROR(context.Handled(part));
  }
  return absl::OkStatus();
}

absl::Status Reverse(const Context& context, const View& text, TextOutput& output) {
  ASSIGN_OR_RETURN(char* const target, output.Make(text.size()));
  size_t end = text.size();
  for (size_t i = 0; i < text.size();) {
    const size_t length = std::min(CharacterLength(text[i]), text.size() - i);
    RETURN_IF_ERROR(context.Handled(length));
    end -= length;
    std::copy_n(text.data() + i, length, target + end);
    i += length;
  }
  return absl::OkStatus();
}

// The end of the part of `text` that begins at `start`; npos for the last one.
absl::StatusOr<size_t> PartEnd(const Context& context, View text, View delimiter, size_t start) {
  const size_t end = Find(text, delimiter, start);
  RETURN_IF_ERROR(context.Handled(std::min(end, text.size()) - start + delimiter.size()));
  return end;
}

absl::StatusOr<View> SplitPart(const Context& context, const View& text, const View& delimiter,
                               const int32_t& field) {
  if (field == 0) {
    return Error(sqlstate::kInvalidParameterValue, "field position must not be zero");
  }
  if (text.empty()) return View();
  if (delimiter.empty()) return field == 1 || field == -1 ? text : View();
  int64_t skipped = int64_t{field} - 1;
  if (field < 0) {
    // Counted from the end: how many are there?
    int64_t parts = 1;
    for (size_t start = 0;; ++parts) {
      ASSIGN_OR_RETURN(const size_t end, PartEnd(context, text, delimiter, start));
      if (end == View::npos) break;
      start = end + delimiter.size();
    }
    skipped = parts + field;
    if (skipped < 0) return View();
  }
  for (size_t start = 0;; --skipped) {
    ASSIGN_OR_RETURN(const size_t end, PartEnd(context, text, delimiter, start));
    if (skipped == 0) return text.substr(start, end == View::npos ? end : end - start);
    if (end == View::npos) return View();
    start = end + delimiter.size();
  }
}

absl::StatusOr<std::string> InitCap(const Context& context, const View& text) {
  std::string out;
  bool in_word = false;
  for (size_t i = 0; i < text.size();) {
    RETURN_IF_ERROR(context.Handled(1));
    const char32_t c = DecodeCharacter(text, &i);
    AppendCharacter(in_word ? LowerOf(c) : UpperOf(c), &out);
    in_word = IsAlphanumeric(c);
  }
  return out;
}

int32_t Ascii(const View& text) {
  size_t position = 0;
  return text.empty() ? 0 : static_cast<int32_t>(DecodeCharacter(text, &position));
}

absl::StatusOr<std::string> Chr(int32_t code) {
  if (code == 0) return Error(sqlstate::kProgramLimitExceeded, "null character not permitted");
  if (code < 0) return Error(sqlstate::kInvalidParameterValue, "character number must be positive");
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    return Error(sqlstate::kProgramLimitExceeded,
                 "requested character too large for encoding: " + std::to_string(code));
  }
  std::string out;
  AppendCharacter(static_cast<char32_t>(code), &out);
  return out;
}

bool StartsWith(const View& text, const View& prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

absl::StatusOr<std::string> Translate(const Context& context, const View& text, const View& from,
                                      const View& to) {
  // What each character becomes, the first of its places in `from` counting; 0: nothing.
  absl::flat_hash_map<char32_t, char32_t> becomes;
  for (size_t i = 0, j = 0; i < from.size();) {
    RETURN_IF_ERROR(context.Handled(16));
    const char32_t target = j < to.size() ? DecodeCharacter(to, &j) : 0;
    becomes.try_emplace(DecodeCharacter(from, &i), target);
  }
  std::string out;
  for (size_t i = 0; i < text.size();) {
    RETURN_IF_ERROR(context.Handled(1));
    const char32_t c = DecodeCharacter(text, &i);
    const auto found = becomes.find(c);
    if (found == becomes.end()) {
      AppendCharacter(c, &out);
    } else if (found->second != 0) {
      AppendCharacter(found->second, &out);
    }
  }
  return out;
}

absl::Status Overlay(const View& text, const View& part, int32_t start, int64_t length,
                     TextOutput& output) {
  if (start <= 0) return Error(sqlstate::kSubstringError, "negative substring length not allowed");
  ASSIGN_OR_RETURN(const View before, Slice<false>(text, 1, int64_t{start} - 1, false));
  ASSIGN_OR_RETURN(const View after, Slice<false>(text, start + length, 0, true));
  ASSIGN_OR_RETURN(char* target, output.Make(before.size() + part.size() + after.size()));
  Put(after, Put(part, Put(before, target)));
  return absl::OkStatus();
}

absl::StatusOr<View> SliceFrom(const View& s, int32_t from) {
  return Slice<false>(s, from, 0, true);
}
absl::StatusOr<View> SliceFor(const View& s, int32_t from, int32_t count) {
  return Slice<false>(s, from, count, false);
}
absl::StatusOr<View> SliceBytesFrom(const View& s, int32_t from) {
  return Slice<true>(s, from, 0, true);
}
absl::StatusOr<View> SliceBytesFor(const View& s, int32_t from, int32_t count) {
  return Slice<true>(s, from, count, false);
}
absl::Status Overlay3(const Context&, const View& s, const View& part, const int32_t& start,
                      TextOutput& output) {
  return Overlay(s, part, start, CharacterCount(part), output);
}
absl::Status Overlay4(const Context&, const View& s, const View& part, const int32_t& start,
                      const int32_t& count, TextOutput& output) {
  return Overlay(s, part, start, count, output);
}

template <bool kLeft, bool kRight>
absl::StatusOr<View> TrimSpaces(const Context& context, const View& s) {
  return Trim<kLeft, kRight>(context, s, " ");
}
template <bool kLeft>
absl::Status PadSpaces(const Context& context, const View& s, const int32_t& count,
                       TextOutput& output) {
  return Pad<kLeft>(context, s, count, " ", output);
}

void AddTrims(CatalogBuilder& builder) {
  builder.AddFunction("btrim", {kText}, kText, Map<TrimSpaces<true, true>>);
  builder.AddFunction("btrim", {kText, kText}, kText, Map<Trim<true, true>>);
  builder.AddFunction("trim", {kText}, kText, Map<TrimSpaces<true, true>>);
  builder.AddFunction("trim", {kText, kText}, kText, Map<Trim<true, true>>);
  builder.AddFunction("ltrim", {kText}, kText, Map<TrimSpaces<true, false>>);
  builder.AddFunction("ltrim", {kText, kText}, kText, Map<Trim<true, false>>);
  builder.AddFunction("rtrim", {kText}, kText, Map<TrimSpaces<false, true>>);
  builder.AddFunction("rtrim", {kText, kText}, kText, Map<Trim<false, true>>);
}

void AddSlices(CatalogBuilder& builder) {
  for (const char* name : {"substring", "substr"}) {
    builder.AddFunction(name, {kText, kInt4}, kText, Map<SliceFrom>);
    builder.AddFunction(name, {kText, kInt4, kInt4}, kText, Map<SliceFor>);
    builder.AddFunction(name, {kBytea, kInt4}, kBytea, Map<SliceBytesFrom>);
    builder.AddFunction(name, {kBytea, kInt4, kInt4}, kBytea, Map<SliceBytesFor>);
  }
  builder.AddFunction("overlay", {kText, kText, kInt4}, kText, MapText<Overlay3>);
  builder.AddFunction("overlay", {kText, kText, kInt4, kInt4}, kText, MapText<Overlay4>);
  builder.AddFunction("left", {kText, kInt4}, kText, Map<Left>);
  builder.AddFunction("right", {kText, kInt4}, kText, Map<Right>);
  builder.AddFunction("lpad", {kText, kInt4}, kText, MapText<PadSpaces<true>>);
  builder.AddFunction("lpad", {kText, kInt4, kText}, kText, MapText<Pad<true>>);
  builder.AddFunction("rpad", {kText, kInt4}, kText, MapText<PadSpaces<false>>);
  builder.AddFunction("rpad", {kText, kInt4, kText}, kText, MapText<Pad<false>>);
}

void AddLengths(CatalogBuilder& builder) {
  for (const char* name : {"length", "char_length", "character_length"}) {
    builder.AddFunction(name, {kText}, kInt4, Map<CharacterCount>);
    builder.AddFunction(name, {TypeId::kBpchar}, kInt4, Map<PaddedCharacterCount>);
  }
  builder.AddFunction("length", {kBytea}, kInt4, Map<ByteCount>);
  builder.AddFunction("octet_length", {kText}, kInt4, Map<ByteCount>);
  builder.AddFunction("octet_length", {TypeId::kBpchar}, kInt4, Map<ByteCount>);
  builder.AddFunction("octet_length", {kBytea}, kInt4, Map<ByteCount>);
  builder.AddFunction("bit_length", {kText}, kInt4,
                      Map<[](const View& s) { return ByteCount(s) * 8; }>);
  for (const char* name : {"position", "strpos"}) {
    builder.AddFunction(name, {kText, kText}, kInt4, Map<Position>);
  }
  builder.AddFunction("position", {kBytea, kBytea}, kInt4, Map<BytePosition>);
}

}  // namespace

void AddStrings(CatalogBuilder& builder) {
  const TypeId any = TypeId::kUnspecified;
  builder.AddOperator("||", {kText, kText}, kText, MapText<Concatenate>);
  builder.AddOperator("||", {kBytea, kBytea}, kBytea, MapText<Concatenate>);
  builder.AddOperator("||", {kText, any}, kText, ConcatenateAny, {}, {}, kStable);
  builder.AddOperator("||", {any, kText}, kText, ConcatenateAny, {}, {}, kStable);
  builder.AddFunction("concat", {any}, kText, Concat<false>, {false, true, Volatility::kStable});
  builder.AddFunction("concat_ws", {kText, any}, kText, Concat<true>,
                      {false, true, Volatility::kStable});
  builder.AddFunction("lower", {kText}, kText, Map<[](const View& s) { return ToLower(s); }>);
  builder.AddFunction("upper", {kText}, kText, Map<[](const View& s) { return ToUpper(s); }>);
  builder.AddFunction("initcap", {kText}, kText, Map<InitCap>);
  builder.AddFunction("replace", {kText, kText, kText}, kText, MapText<Replace>);
  builder.AddFunction("translate", {kText, kText, kText}, kText, Map<Translate>);
  builder.AddFunction("repeat", {kText, kInt4}, kText, MapText<Repeat>);
  builder.AddFunction("reverse", {kText}, kText, MapText<Reverse>);
  builder.AddFunction("split_part", {kText, kText, kInt4}, kText, Map<SplitPart>);
  builder.AddFunction("ascii", {kText}, kInt4, Map<Ascii>);
  builder.AddFunction("chr", {kInt4}, kText, Map<Chr>);
  builder.AddFunction("starts_with", {kText, kText}, TypeId::kBool, Map<StartsWith>);
  builder.AddOperator("^@", {kText, kText}, TypeId::kBool, Map<StartsWith>);
  AddTrims(builder);
  AddSlices(builder);
  AddLengths(builder);
}

}  // namespace adbms::sql::functions
