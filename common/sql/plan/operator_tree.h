// Walking plans.
#pragma once

#include <functional>
#include <vector>

#include "adbms/common/v1/plan.pb.h"

namespace adbms::sql::plan {

// The inputs, left to right.
std::vector<const common::v1::Operator*> ChildrenOf(const common::v1::Operator& op);
std::vector<common::v1::Operator*> MutableChildrenOf(common::v1::Operator* op);
// Pre-order over one tree.
void ForEachOperator(common::v1::Operator* root,
                     const std::function<void(common::v1::Operator*)>& visit);
// The root, then the sub-plans, then the CTEs.
void ForEachRoot(common::v1::Plan* plan, const std::function<void(common::v1::Operator*)>& visit);

}  // namespace adbms::sql::plan
