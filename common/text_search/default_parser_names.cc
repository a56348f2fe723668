// Hosts, emails, URLs, files and tags of the default parser.
#include "common/text_search/default_parser.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace adbms::text_search {
namespace {

bool IsUrlByte(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
}

}  // namespace

DefaultParser::Found DefaultParser::Host(size_t at, HostState state, bool embedded) {
  // Where a host ends if it does not go on.
  Found fallback;
  while (true) {
    const char c = ByteAt(at);
    const bool letter = Is(at, kAsciiLetter);
    const bool digit = IsDigit(at);
    if (letter || digit) {
      const bool in_domain = state == HostState::kSecondOfDomain || state == HostState::kDomain;
      if (digit || state == HostState::kFirst || state == HostState::kInside) {
        state = HostState::kInside;
      } else {
        state = in_domain ? HostState::kDomain : HostState::kSecondOfDomain;
      }
      ++at;
      continue;
    }
    if (state == HostState::kFirst || state == HostState::kFirstOfDomain) break;
    if (state == HostState::kDomain) fallback = {TokenType::kHost, at};
    if (c == '@' && !embedded) {
      if (const Found email = EmailAt(at)) return email;
    }
    const bool separator = c == '-' || c == '_' || c == '.';
    if (!separator) {
      if (state == HostState::kDomain) return HostEnd(at, embedded);
      break;
    }
    // As an attempt before has found out, nothing comes of what is behind it.
    if (at < dead_hosts_end_ && !embedded) return fallback;
    state = c == '.' ? HostState::kFirstOfDomain : HostState::kFirst;
    ++at;
  }
  if (!embedded) dead_hosts_end_ = std::max(dead_hosts_end_, at);
  return fallback;
}

// Behind the letters of the last domain: a port, and a path that makes it a URL.
DefaultParser::Found DefaultParser::HostEnd(size_t at, bool embedded) {
  if (ByteAt(at) == ':' && IsDigit(at + 1)) at = SkipWhile(at + 1, kDigit);
  if (embedded || ByteAt(at) != '/' || !IsUrlByte(ByteAt(at + 1))) return {TokenType::kHost, at};
  url_host_end_ = at;
  size_t end = at + 1;
  while (IsUrlByte(ByteAt(end))) ++end;
  return {TokenType::kUrl, end};
}

DefaultParser::Found DefaultParser::EmailAt(size_t at) {
  const size_t end = HostAfterAt(at + 1);
  return end > 0 ? Found{TokenType::kEmail, end} : Found{};
}

size_t DefaultParser::HostAfterAt(size_t at) {
  HostState state = HostState::kFirst;
  if (Is(at, kAsciiLetter)) {
    at = SkipWhile(at, kAsciiLetter);
    if (IsDigit(at)) state = HostState::kInside;
  } else if (IsDigit(at)) {
    at = SkipWhile(at, kDigit);
    if (ExponentEnd(at) > 0) return 0;
    if (Is(at, kAsciiLetter)) state = HostState::kInside;
  } else {
    return 0;
  }
  const char c = ByteAt(at);
  if (c == '.') state = HostState::kFirstOfDomain;
  if (state == HostState::kFirst && c != '-' && c != '_') return 0;
  const Found host = Host(at + 1, state, true);
  return host.end;
}

DefaultParser::Found DefaultParser::FileAfterDot(size_t at) {
  return IsNameByte(at) ? Path(at, PathState::kName) : Found{};
}

DefaultParser::Found DefaultParser::Path(size_t at, PathState state) {
  Found fallback;
  while (true) {
    const char c = ByteAt(at);
    if (state == PathState::kTwoDots) {
      // A path may end with them.
      if (AtEnd(at) || Is(at, kSpace)) return {TokenType::kFile, at};
      if (c != '/') break;
      fallback = {TokenType::kFile, at};
    } else if (state == PathState::kName) {
      while (IsNameByte(at) || ByteAt(at) == '-') ++at;
      fallback = {TokenType::kFile, at};
      if (ByteAt(at) == '.' && IsNameByte(at + 1)) {
        ++at;
        continue;
      }
      if (ByteAt(at) != '/') return fallback;
    } else if (state != PathState::kFirstDot && IsNameByte(at)) {
      state = PathState::kName;
      continue;
    } else if (state == PathState::kSlash && (c == '.' || c == '~')) {
      state = c == '.' ? PathState::kDot : PathState::kTilde;
      ++at;
      continue;
    } else if ((state == PathState::kDot || state == PathState::kFirstDot) && c == '.') {
      state = PathState::kTwoDots;
      ++at;
      continue;
    } else if (c != '/' || state == PathState::kSlash) {
      break;
    }
    // A slash: an attempt before may have found out that nothing comes of what is behind it.
    if (at < dead_paths_end_) return fallback;
    state = PathState::kSlash;
    ++at;
  }
  dead_paths_end_ = std::max(dead_paths_end_, at);
  return fallback;
}

DefaultParser::Found DefaultParser::Tag(size_t begin) {
  const size_t at = begin + 1;
  const char c = ByteAt(at);
  if (c == '/') return Is(at + 1, kAsciiLetter) ? TagName(begin, at + 2) : Found{};
  if (c == '!') {
    if (text_.substr(at + 1, 2) == "--") return Comment(at + 3);
    const bool declaration = ByteAt(at + 1) == 'D' || ByteAt(at + 1) == 'd';
    return declaration ? InsideTag(at + 2) : Found{};
  }
  if (c == '?') return ByteAt(at + 1) == 'x' ? InsideTag(at + 2) : Found{};
  return Is(at, kAsciiLetter) || c == ':' || c == '_' ? TagName(begin, at + 1) : Found{};
}

DefaultParser::Found DefaultParser::TagName(size_t begin, size_t at) {
  while (Is(at, kAlphanumeric) ||
         (!AtEnd(at) && std::string_view(":_.-").find(text_[at]) != std::string_view::npos))
    at = After(at);
  const char c = ByteAt(at);
  if (c == '/') return ByteAt(at + 1) == '>' ? Found{TokenType::kTag, at + 2} : Found{};
  if (c != '>' && !Is(at, kSpace)) return {};
  NoteScript(begin, at);
  return c == '>' ? Found{TokenType::kTag, at + 1} : InsideTag(After(at));
}

void DefaultParser::NoteScript(size_t begin, size_t end) {
  const absl::string_view tag(text_.data() + begin, end - begin);
  if (absl::EqualsIgnoreCase(tag, "</script") || absl::EqualsIgnoreCase(tag, "</style"))
    ignores_ = false;
  if (absl::EqualsIgnoreCase(tag, "<script") || absl::EqualsIgnoreCase(tag, "<style"))
    ignores_ = true;
}

DefaultParser::Found DefaultParser::InsideTag(size_t at) {
  char quote = '\0';
  // In quotes PostgreSQL takes no \ for one right after what another one stands before, and does
  // not see that the document ends there: no token comes any more.
  bool after_escape = false;
  if (seen_in_tags_.empty()) seen_in_tags_.resize(text_.size());
  for (; !AtEnd(at); at = After(at)) {
    // An attempt that was here before came to nothing.
    const int kind = quote == '\0' ? 0 : (quote == '\'' ? 1 : 2) + (after_escape ? 2 : 0);
    const auto bit = static_cast<uint8_t>(1 << kind);
    if ((seen_in_tags_[at] & bit) != 0) return {};
    seen_in_tags_[at] |= bit;
    const char c = text_[at];
    const bool escapes = quote != '\0' && c == '\\' && !after_escape && at + 1 < text_.size();
    after_escape = escapes;
    if (escapes) {
      ++at;
    } else if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '>') {
      return {TokenType::kTag, at + 1};
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (!Is(at, kAsciiLetter | kDigit | kSpace) &&
               std::string_view("=-_#/:.&?%~").find(c) == std::string_view::npos) {
      return {};
    }
  }
  ended_ = after_escape;
  return {};
}

DefaultParser::Found DefaultParser::Comment(size_t at) {
  if (no_comment_ends_) return {};
  const size_t end = text_.find("-->", at);
  no_comment_ends_ = end == std::string_view::npos;
  return no_comment_ends_ ? Found{} : Found{TokenType::kTag, end + 3};
}

}  // namespace adbms::text_search
