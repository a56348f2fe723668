// Whether what a change of the catalog was authorized for is still what it is about.
#pragma once

#include "absl/status/status.h"
#include "adbms/common/v1/catalog.pb.h"
#include "services/storage/catalog/catalog_state.h"

namespace adbms::storage::server {

// `catalog`: the one that the change starts from, under the change's locks. Errors: ADB01 when an
// object of `statement.resolution` is another one there, has changed, or has come or gone.
absl::Status CheckResolution(const common::v1::DdlStatement& statement,
                             const catalog::CatalogState& catalog);

}  // namespace adbms::storage::server
