// jsonpath to text.
#include "common/types/json_reader.h"
#include "common/types/jsonb.h"
#include "common/types/jsonpath.h"

namespace adbms::types {
namespace {

int PriorityOf(JsonpathOp op) {
  switch (op) {
    case JsonpathOp::kOr:
      return 0;
    case JsonpathOp::kAnd:
      return 1;
    case JsonpathOp::kEqual:
    case JsonpathOp::kNotEqual:
    case JsonpathOp::kLess:
    case JsonpathOp::kGreater:
    case JsonpathOp::kLessOrEqual:
    case JsonpathOp::kGreaterOrEqual:
    case JsonpathOp::kStartsWith:
      return 2;
    case JsonpathOp::kAdd:
    case JsonpathOp::kSubtract:
      return 3;
    case JsonpathOp::kMultiply:
    case JsonpathOp::kDivide:
    case JsonpathOp::kModulo:
      return 4;
    case JsonpathOp::kPlus:
    case JsonpathOp::kMinus:
      return 5;
    default:
      return 6;
  }
}

class Writer {
 public:
  Writer(const Jsonpath& path, std::string* out) : path_(path), out_(*out) {}

  // The node and what follows it.
  void Write(int32_t at, bool brackets) {
    for (bool first = true; at >= 0; at = path_.at(at).next, first = false) {
      WriteOne(path_.at(at), first && (brackets || path_.at(at).next >= 0));
    }
  }

 private:
  void WriteOne(const JsonpathNode& node, bool brackets);
  void WriteOperator(const JsonpathNode& node, bool brackets);
  void WriteMethod(const JsonpathNode& node);
  void WriteOperand(int32_t at, JsonpathOp parent) {
    Write(at, PriorityOf(path_.at(at).op) <= PriorityOf(parent));
  }
  void WriteRegex(const JsonpathNode& node);
  void WriteLevels(const JsonpathNode& node);
  void WriteSubscripts(const JsonpathNode& node);
  void WriteLevel(uint32_t level) {
    out_ += level == kJsonpathLastLevel ? "last" : std::to_string(level);
  }
  void Quote(std::string_view text) { AppendJsonString(text, &out_); }
  void Enclose(std::string_view before, int32_t inner, std::string_view after) {
    out_ += before;
    Write(inner, false);
    out_ += after;
  }
  // In front of an accessor it needs parentheses of its own.
  void EncloseTruth(const JsonpathNode& node, std::string_view before, std::string_view after) {
    if (node.next >= 0) out_ += "(";
    Enclose(before, node.left, after);
    if (node.next >= 0) out_ += ")";
  }

  const Jsonpath& path_;
  std::string& out_;
};

void Writer::WriteOne(const JsonpathNode& node, bool brackets) {
  switch (node.op) {
    case JsonpathOp::kNull:
      out_ += "null";
      return;
    case JsonpathOp::kBool:
      out_ += node.flag ? "true" : "false";
      return;
    case JsonpathOp::kString:
      return Quote(node.text);
    case JsonpathOp::kNumber:
      // In front of an accessor a number stands in parentheses.
      if (node.next >= 0) out_ += "(";
      FormatJsonbNumber(Jsonb(node.text).number(), &out_);
      if (node.next >= 0) out_ += ")";
      return;
    case JsonpathOp::kVariable:
      out_ += "$";
      return Quote(node.text);
    case JsonpathOp::kRoot:
      out_ += "$";
      return;
    case JsonpathOp::kCurrent:
      out_ += "@";
      return;
    case JsonpathOp::kLast:
      out_ += "last";
      return;
    case JsonpathOp::kAnyElement:
      out_ += "[*]";
      return;
    case JsonpathOp::kAnyMember:
      out_ += ".*";
      return;
    case JsonpathOp::kMember:
      out_ += ".";
      return Quote(node.text);
    case JsonpathOp::kAnyLevel:
      return WriteLevels(node);
    case JsonpathOp::kElements:
      return WriteSubscripts(node);
    case JsonpathOp::kFilter:
      return Enclose("?(", node.left, ")");
    case JsonpathOp::kNot:
      return EncloseTruth(node, "!(", ")");
    case JsonpathOp::kIsUnknown:
      return EncloseTruth(node, "(", ") is unknown");
    case JsonpathOp::kExists:
      return EncloseTruth(node, "exists (", ")");
    default:
      if (!JsonpathMethodName(node.op).empty()) return WriteMethod(node);
      WriteOperator(node, brackets);
  }
}

void Writer::WriteOperator(const JsonpathNode& node, bool brackets) {
  if (brackets) out_ += "(";
  if (node.op == JsonpathOp::kPlus || node.op == JsonpathOp::kMinus) {
    out_ += JsonpathOperatorName(node.op);
    WriteOperand(node.left, node.op);
  } else if (node.op == JsonpathOp::kLikeRegex) {
    WriteRegex(node);
  } else {
    WriteOperand(node.left, node.op);
    out_.append(" ").append(JsonpathOperatorName(node.op)).append(" ");
    WriteOperand(node.right, node.op);
  }
  if (brackets) out_ += ")";
}

void Writer::WriteRegex(const JsonpathNode& node) {
  WriteOperand(node.left, node.op);
  out_ += " like_regex ";
  Quote(node.text);
  if (node.regex_flags == 0) return;
  out_ += " flag \"";
  for (size_t i = 0; i < 5; ++i) {
    if ((node.regex_flags >> i & 1) != 0) out_.push_back("ismxq"[i]);
  }
  out_ += "\"";
}

void Writer::WriteMethod(const JsonpathNode& node) {
  out_.append(".").append(JsonpathMethodName(node.op)).append("(");
  if (node.flag) Quote(node.text);
  out_ += ")";
}

void Writer::WriteLevels(const JsonpathNode& node) {
  out_ += ".**";
  if (node.first == 0 && node.last == kJsonpathLastLevel) return;
  out_ += "{";
  WriteLevel(node.first);
  if (node.first != node.last) {
    out_ += " to ";
    WriteLevel(node.last);
  }
  out_ += "}";
}

void Writer::WriteSubscripts(const JsonpathNode& node) {
  out_ += "[";
  for (size_t i = 0; i < node.subscripts.size(); ++i) {
    if (i > 0) out_ += ",";
    Write(node.subscripts[i].first, false);
    if (node.subscripts[i].second >= 0) Enclose(" to ", node.subscripts[i].second, "");
  }
  out_ += "]";
}

}  // namespace

std::string_view JsonpathOperatorName(JsonpathOp op) {
  switch (op) {
    case JsonpathOp::kAnd:
      return "&&";
    case JsonpathOp::kOr:
      return "||";
    case JsonpathOp::kEqual:
      return "==";
    case JsonpathOp::kNotEqual:
      return "!=";
    case JsonpathOp::kLess:
      return "<";
    case JsonpathOp::kGreater:
      return ">";
    case JsonpathOp::kLessOrEqual:
      return "<=";
    case JsonpathOp::kGreaterOrEqual:
      return ">=";
    case JsonpathOp::kStartsWith:
      return "starts with";
    case JsonpathOp::kAdd:
    case JsonpathOp::kPlus:
      return "+";
    case JsonpathOp::kSubtract:
    case JsonpathOp::kMinus:
      return "-";
    case JsonpathOp::kMultiply:
      return "*";
    case JsonpathOp::kDivide:
      return "/";
    case JsonpathOp::kModulo:
      return "%";
    default:
      return {};
  }
}

std::string_view JsonpathMethodName(JsonpathOp op) {
  switch (op) {
    case JsonpathOp::kType:
      return "type";
    case JsonpathOp::kSize:
      return "size";
    case JsonpathOp::kAbs:
      return "abs";
    case JsonpathOp::kFloor:
      return "floor";
    case JsonpathOp::kCeiling:
      return "ceiling";
    case JsonpathOp::kDouble:
      return "double";
    case JsonpathOp::kDatetime:
      return "datetime";
    case JsonpathOp::kKeyvalue:
      return "keyvalue";
    default:
      return {};
  }
}

void FormatJsonpath(const Jsonpath& path, std::string* out) {
  if (path.strict) *out += "strict ";
  Writer(path, out).Write(path.root, true);
}

}  // namespace adbms::types
