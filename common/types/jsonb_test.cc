// The binary form against a plain tree: random documents, and bytes that are none.
#include "common/types/jsonb.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>

#include "common/types/jsonb_builder.h"
#include "common/types/jsonb_order.h"

namespace adbms::types {
namespace {

// A document as text and as a tree whose members are sorted by std::map.
struct ByLength {
  bool operator()(const std::string& a, const std::string& b) const {
    return CompareJsonbKeys(a, b) < 0;
  }
};
struct Node {
  std::string scalar;  // Its output; empty for containers.
  std::vector<Node> elements;
  std::map<std::string, Node, ByLength> members;
  bool object = false;

  std::string Text() const {
    if (!scalar.empty()) return scalar;
    std::string out = object ? "{" : "[";
    for (const Node& element : elements) out += (out.size() > 1 ? ", " : "") + element.Text();
    for (const auto& [key, value] : members) {
      out += (out.size() > 1 ? ", \"" : "\"") + key + "\": " + value.Text();
    }
    return out + (object ? "}" : "]");
  }
};

class Documents {
 public:
  explicit Documents(uint64_t seed) : random_(seed) {}

  // Writes the document to `text` with spaces, escapes and members that are given twice.
  Node Make(int depth, std::string* text) {
    static const std::pair<const char*, const char*> kScalars[] = {
        {"null", "null"},
        {"true", "true"},
        {" false ", "false"},
        {"1", "1"},
        {"-0", "0"},
        {"1.50", "1.50"},
        {"1e2", "100"},
        {"-12.5E-3", "-0.0125"},
        {"0.000", "0.000"},
        {"1E+40", "10000000000000000000000000000000000000000"},
        {"\"\"", "\"\""},
        {"\"a\\u0041\\n\"", "\"aA\\n\""},
        {"\"\\u00e9\"", "\"\xc3\xa9\""},
        {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
    };
    Node node;
    const auto kind = depth == 0 ? 0 : random_() % 3;
    if (kind == 0) {
      const auto& [in, out] = kScalars[random_() % std::size(kScalars)];
      *text += in;
      node.scalar = out;
      return node;
    }
    node.object = kind == 1;
    *text += node.object ? "{" : "[ ";
    const size_t count = random_() % 6;
    for (size_t i = 0; i < count; ++i) {
      if (i > 0) *text += ",\n";
      if (!node.object) {
        node.elements.push_back(Make(depth - 1, text));
        continue;
      }
      const std::string key(random_() % 3, static_cast<char>('a' + random_() % 3));
      *text += "\"" + key + "\" :";
      node.members[key] = Make(depth - 1, text);
    }
    *text += node.object ? " }" : "]";
    return node;
  }

 private:
  std::mt19937_64 random_;
};

std::string TextOf(const Jsonb& value) {
  std::string text;
  FormatJsonb(value, false, &text);
  return text;
}

std::string Parsed(std::string_view text) {
  auto bytes = ParseJsonb(text);
  EXPECT_TRUE(bytes.ok()) << text << ": " << bytes.status();
  return bytes.ok() ? *bytes : std::string();
}

void ExpectSame(const Node& node, const Jsonb& value) {
  if (!node.scalar.empty()) {
    EXPECT_EQ(node.scalar, TextOf(value));
    return;
  }
  ASSERT_EQ(value.kind(), node.object ? JsonbKind::kObject : JsonbKind::kArray);
  ASSERT_EQ(value.size(), node.object ? node.members.size() : node.elements.size());
  uint32_t i = 0;
  for (const auto& [key, member] : node.members) {
    EXPECT_EQ(value.Key(i), key);
    ASSERT_TRUE(value.Find(key).has_value());
    EXPECT_EQ(value.Position(key), i);
    ExpectSame(member, *value.Find(key));
    ++i;
  }
  for (const Node& element : node.elements) ExpectSame(element, value.At(i++));
  EXPECT_FALSE(value.Find("not there").has_value());
}

TEST(Jsonb, HoldsWhatWasWritten) {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    std::string text;
    const Node node = Documents(seed).Make(4, &text);
    const std::string bytes = Parsed(text);
    EXPECT_TRUE(ValidateJsonb(bytes).ok()) << text;
    const Jsonb value(bytes);
    EXPECT_EQ(TextOf(value), node.Text());
    ExpectSame(node, value);
    EXPECT_EQ(Parsed(node.Text()), bytes) << "its text is the same value";
  }
}

TEST(Jsonb, KeysOfTheOrderCompareAsTheValuesDo) {
  std::vector<std::string> values;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::string text;
    Documents(seed).Make(2, &text);
    values.push_back(Parsed(text));
  }
  for (const char* number :
       {"1.0", "1.00", "-1e200", "-1e201", "1e200", "1e-200", "0.5", "10", "9"})
    values.push_back(Parsed(number));
  std::vector<std::string> keys;
  for (const std::string& value : values) AppendJsonbKey(Jsonb(value), &keys.emplace_back());
  for (size_t a = 0; a < values.size(); ++a) {
    for (size_t b = 0; b < values.size(); ++b) {
      const int order = CompareJsonb(Jsonb(values[a]), Jsonb(values[b]));
      const int bytes = keys[a].compare(keys[b]);
      ASSERT_EQ(order < 0, bytes < 0) << TextOf(Jsonb(values[a])) << TextOf(Jsonb(values[b]));
      ASSERT_EQ(order == 0, bytes == 0) << TextOf(Jsonb(values[a])) << TextOf(Jsonb(values[b]));
    }
  }
}

TEST(Jsonb, OrdersAsPostgres) {
  // Ascending.
  const char* const kOrder[] = {
      "[]",    "null",  "\"a\"",     "\"b\"",     "-2",        "1",
      "2.5",   "false", "true",      "[null]",    "[1]",       "[[]]",
      "[1,2]", "{}",    "{\"a\":1}", "{\"a\":2}", "{\"b\":1}", "{\"a\":1,\"b\":1}"};
  for (size_t a = 0; a < std::size(kOrder); ++a) {
    for (size_t b = 0; b < std::size(kOrder); ++b) {
      const int order = CompareJsonb(Jsonb(Parsed(kOrder[a])), Jsonb(Parsed(kOrder[b])));
      EXPECT_EQ(order < 0, a < b) << kOrder[a] << " " << kOrder[b];
      EXPECT_EQ(order == 0, a == b) << kOrder[a] << " " << kOrder[b];
    }
  }
}

// Reads everything that can be reached.
size_t Walk(const Jsonb& value) {
  size_t sum = value.bytes().size();
  for (uint32_t i = 0; i < value.size(); ++i) {
    if (value.kind() == JsonbKind::kObject) sum += value.Key(i).size();
    sum += Walk(value.At(i));
  }
  return sum;
}

TEST(Jsonb, MalformedBytesAreRefusedOrHarmless) {
  std::mt19937_64 random(7);
  size_t refused = 0;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    std::string text;
    Documents(seed).Make(3, &text);
    std::string bytes = Parsed(text);
    for (int change = 0; change < 8 && !bytes.empty(); ++change) {
      const size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, 1 + random() % 4);
          break;
        default:
          bytes.insert(at, 1, static_cast<char>(random()));
      }
      const bool valid = ValidateJsonb(bytes).ok();
      refused += valid ? 0 : 1;
      Walk(Jsonb(bytes));
      const std::string out = TextOf(Jsonb(bytes));
      if (valid) EXPECT_TRUE(ParseJsonb(out).ok()) << out;
      std::string key;
      AppendJsonbKey(Jsonb(bytes), &key);
    }
  }
  EXPECT_GT(refused, 1000U);
}

TEST(Jsonb, DepthIsBounded) {
  const auto nested = [](int levels) {
    return std::string(static_cast<size_t>(levels), '[') + "1" +
           std::string(static_cast<size_t>(levels), ']');
  };
  const std::string deep = Parsed(nested(1000));
  EXPECT_EQ(TextOf(Jsonb(deep)), nested(1000));
  EXPECT_EQ(Jsonb(deep).depth(), 1000);
  EXPECT_FALSE(ParseJsonb(nested(10000)).ok());
  JsonbBuilder builder;
  ASSERT_TRUE(builder.BeginArray().ok());
  ASSERT_TRUE(builder.BeginArray().ok());
  EXPECT_FALSE(builder.Add(Jsonb(deep)).ok()) << "nor can it be reached from inside";
}

TEST(Jsonb, NumbersKeepTheirScaleAndTheirRange) {
  EXPECT_EQ(TextOf(Jsonb(Parsed("1e131071"))).size(), 131072U);
  EXPECT_FALSE(ParseJsonb("1e131072").ok());
  EXPECT_EQ(TextOf(Jsonb(Parsed("1e-16383"))).size(), 16385U);
  EXPECT_FALSE(ParseJsonb("1e-16384").ok());
  EXPECT_FALSE(ParseJsonb("1e99999999999").ok());
  EXPECT_EQ(TextOf(Jsonb(Parsed("-0.00"))), "0.00");
  EXPECT_EQ(CompareJsonb(Jsonb(Parsed("1.0")), Jsonb(Parsed("1.000"))), 0);
  // A text is never much longer than its bytes.
  EXPECT_GT(Parsed("1e-16383").size(), 16000U);
}

}  // namespace
}  // namespace adbms::types
