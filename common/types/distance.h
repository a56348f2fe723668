// Which type says how far values lie apart.
#pragma once

#include "common/types/type.h"

namespace adbms::types {

// The type of the distance between two values of `type`, as the offsets of a window's RANGE have
// it; kUnspecified: values of it have none.
TypeId DistanceOf(TypeId type);

}  // namespace adbms::types
