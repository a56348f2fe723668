// Descriptors of the tables whose rows storage computes: pg_catalog, information_schema, parts of
// adbms.
#pragma once

#include <vector>

#include "adbms/common/v1/catalog.pb.h"

namespace adbms::storage::catalog {

std::vector<common::v1::TableDescriptor> SystemTableDescriptors();

}  // namespace adbms::storage::catalog
