#include "common/types/distance.h"

namespace adbms::types {

TypeId DistanceOf(TypeId type) {
  switch (type) {
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
      return TypeId::kInt8;
    case TypeId::kFloat4:
    case TypeId::kFloat8:
      return TypeId::kFloat8;
    case TypeId::kNumeric:
      return TypeId::kNumeric;
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kInterval:
      return TypeId::kInterval;
    default:
      return TypeId::kUnspecified;
  }
}

}  // namespace adbms::types
