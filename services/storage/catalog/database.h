// One database of the cluster: the committed version of its part of the catalog, published
// atomically. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "services/storage/catalog/catalog_state.h"

namespace adbms::storage::catalog {

class Catalog;

class Database {
 public:
  // `catalog` must outlive it.
  Database(Catalog* catalog, uint32_t id, CatalogStatePtr state)
      : catalog_(catalog), id_(id), current_(std::move(state)) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  uint32_t id() const { return id_; }
  // The cluster's.
  Catalog* catalog() const { return catalog_; }
  // Once the database is dropped: without any object.
  CatalogStatePtr Current() const { return current_.load(std::memory_order_acquire); }
  // Makes committed changes visible beside those that others have published meanwhile. REQUIRES:
  // what they change is locked until this returns.
  void Publish(const CatalogChanges& changes);

 private:
  friend class Catalog;
  Catalog* const catalog_;
  const uint32_t id_;
  std::atomic<CatalogStatePtr> current_;
};
// Sessions hold theirs, also while and after it is dropped.
using DatabasePtr = std::shared_ptr<Database>;

}  // namespace adbms::storage::catalog
