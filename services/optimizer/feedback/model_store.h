// Learned models, their training windows and their calibration as rows of adbms.models, written
// through storage. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/storage/api/sql_client.h"

namespace adbms::optimizer::feedback {

// One row. `state`: `candidate`, `live`, `off` (was live), `refused` (did not prove itself);
// version 0 is `collecting`: the observations of now, no model.
struct ModelRow {
  int64_t version = 0;
  std::string state;
  int64_t trained_at_us = 0;  // Unix time.
  int64_t changed_at_us = 0;  // Of the state.
  int64_t training_rows = 0;
  int64_t holdout_rows = 0;
  double uncorrected_q_error = 1;  // Geometric means over the holdout.
  double corrected_q_error = 1;
  std::string reason;
  std::string model;            // v1.CardinalityModel
  std::string training_window;  // v1.TrainingWindow
  std::string calibration;      // v1.Calibration
};

class ModelStore {
 public:
  // `storage` must outlive this.
  explicit ModelStore(storage::api::Storage* storage) : sql_(storage, "adbms") {}

  // Makes the table where it is missing and reads the model `name`'s rows, by version.
  absl::StatusOr<std::vector<ModelRow>> Open(const rpc::CallContext& context,
                                             const std::string& name);
  // Writes a row, replacing one of its version, and drops versions older than the last few.
  absl::Status Save(const rpc::CallContext& context, const std::string& name, const ModelRow& row);

 private:
  storage::api::SqlClient sql_;
};

}  // namespace adbms::optimizer::feedback
