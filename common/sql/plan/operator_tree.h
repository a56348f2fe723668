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
// Whether functions run beside the plan: once before it, or for rows of it.
bool RunsPrograms(const common::v1::Plan& plan);
// The root, then the sub-plans, then the CTEs.
void ForEachRoot(common::v1::Plan* plan, const std::function<void(common::v1::Operator*)>& visit);

}  // namespace adbms::sql::plan
