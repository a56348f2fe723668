#include "common/sql/functions/postgres_names.h"

#include <algorithm>
#include <iterator>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_split.h"

namespace adbms::sql::functions {
namespace {

// pg_proc's, without those that only operators, types and indexes call, and without the built-ins.
constexpr absl::string_view kNames =
    "normalize "
    "aclexplode amvalidate area array_eq "
    "cash_words center convert "
    "current_query currtid2 cursor_to_xml "
    "cursor_to_xmlschema database_to_xml database_to_xml_and_xmlschema database_to_xmlschema "
    "date_mi daterange_canonical daterange_subdiff dexp diagonal "
    "diameter dlog1 dlog10 dround dtrunc "
    "getpgusername "
    "has_foreign_data_wrapper_privilege has_language_privilege "
    "has_parameter_privilege has_server_privilege "
    "has_tablespace_privilege hashint4 hashint8 hashtext hashtextextended "
    "height in_range inet_client_addr inet_client_port inet_server_addr "
    "int2int4_sum int4inc int4pl int4range_canonical int4range_subdiff int8_sum "
    "int8pl int8range_canonical int8range_subdiff is_normalized isclosed "
    "ishorizontal isopen isparallel isperp isvertical "
    "jsonb_contains "
    "lo_create "
    "lo_export lo_from_bytea lo_get lo_import lo_put lo_unlink loread "
    "lowrite makeaclitem mxid_age nameconcatoid "
    "notlike npoints num_nonnulls num_nulls numeric_div_trunc numeric_exp "
    "numeric_ln numeric_log numeric_sqrt numrange_subdiff oidvectortypes "
    "pclose "
    "pg_available_extension_versions "
    "pg_available_extensions pg_backup_start pg_backup_stop pg_blocking_pids "
    "pg_collation_actual_version pg_collation_for pg_column_compression "
    "pg_column_is_updatable pg_column_size pg_conf_load_time pg_config pg_control_checkpoint "
    "pg_control_init pg_control_recovery pg_control_system pg_conversion_is_visible "
    "pg_copy_logical_replication_slot pg_copy_physical_replication_slot "
    "pg_create_logical_replication_slot pg_create_physical_replication_slot "
    "pg_create_restore_point pg_current_logfile pg_current_snapshot pg_current_wal_flush_lsn "
    "pg_current_wal_insert_lsn pg_current_wal_lsn pg_current_xact_id_if_assigned pg_cursor "
    "pg_database_collation_actual_version pg_describe_object pg_drop_replication_slot "
    "pg_encoding_max_length pg_event_trigger_ddl_commands pg_event_trigger_dropped_objects "
    "pg_event_trigger_table_rewrite_oid pg_event_trigger_table_rewrite_reason pg_export_snapshot "
    "pg_extension_config_dump pg_extension_update_paths pg_filenode_relation "
    "pg_get_backend_memory_contexts pg_get_catalog_foreign_keys "
    "pg_get_multixact_members pg_get_object_address "
    "pg_get_publication_tables pg_get_replica_identity_index pg_get_replication_slots "
    "pg_get_shmem_allocations pg_get_statisticsobjdef pg_get_statisticsobjdef_expressions "
    "pg_get_wal_replay_pause_state pg_get_wal_resource_managers pg_hba_file_rules "
    "pg_ident_file_mappings pg_identify_object pg_identify_object_as_address "
    "pg_import_system_collations pg_index_column_has_property pg_index_has_property "
    "pg_indexam_has_property pg_indexam_progress_phasename pg_is_wal_replay_paused "
    "pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn "
    "pg_last_xact_replay_timestamp pg_lock_status "
    "pg_log_backend_memory_contexts pg_logical_emit_message pg_logical_slot_get_binary_changes "
    "pg_logical_slot_get_changes pg_logical_slot_peek_binary_changes "
    "pg_logical_slot_peek_changes pg_ls_archive_statusdir pg_ls_dir pg_ls_logdir "
    "pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_tmpdir pg_ls_waldir "
    "pg_mcv_list_items pg_nextoid pg_opfamily_is_visible "
    "pg_prepared_statement pg_prepared_xact pg_promote pg_read_binary_file pg_read_file "
    "pg_read_file_old pg_relation_filenode pg_relation_filepath pg_reload_conf "
    "pg_replication_origin_advance pg_replication_origin_create pg_replication_origin_drop "
    "pg_replication_origin_oid pg_replication_origin_progress "
    "pg_replication_origin_session_is_setup pg_replication_origin_session_progress "
    "pg_replication_origin_session_reset pg_replication_origin_session_setup "
    "pg_replication_origin_xact_reset pg_replication_origin_xact_setup "
    "pg_replication_slot_advance pg_rotate_logfile pg_rotate_logfile_old "
    "pg_safe_snapshot_blocking_pids pg_sequence_parameters "
    "pg_settings_get_flags pg_show_all_file_settings pg_show_all_settings "
    "pg_show_replication_origin_status pg_sleep_for pg_sleep_until pg_snapshot_xip "
    "pg_snapshot_xmax pg_snapshot_xmin pg_stat_clear_snapshot pg_stat_file "
    "pg_stat_force_next_flush pg_stat_get_activity pg_stat_have_stats pg_stat_reset "
    "pg_stat_reset_replication_slot pg_stat_reset_shared pg_stat_reset_single_function_counters "
    "pg_stat_reset_single_table_counters pg_stat_reset_slru pg_stat_reset_subscription_stats "
    "pg_stop_making_pinned_objects pg_switch_wal pg_tablespace_databases "
    "pg_timezone_abbrevs pg_timezone_names "
    "pg_visible_in_snapshot pg_wal_lsn_diff pg_wal_replay_pause "
    "pg_wal_replay_resume pg_walfile_name pg_walfile_name_offset pg_xact_commit_timestamp "
    "pg_xact_commit_timestamp_origin pg_xact_status "
    "plpgsql_validator popen postgresql_fdw_validator query_to_xml query_to_xml_and_xmlschema "
    "query_to_xmlschema radius satisfies_hash_partition "
    "schema_to_xml schema_to_xml_and_xmlschema schema_to_xmlschema setseed sha224 "
    "sha384 sha512 similar_escape slope table_to_xml table_to_xml_and_xmlschema "
    "table_to_xmlschema textcat texteq textlen to_ascii "
    "to_regcollation to_regoper to_regoperator "
    "to_regprocedure to_regrole "
    "tsrange_subdiff tstzrange_subdiff "
    "txid_current_if_assigned txid_current_snapshot txid_snapshot_xip txid_snapshot_xmax "
    "txid_snapshot_xmin txid_status txid_visible_in_snapshot unistr "
    "width xid xml_is_well_formed xml_is_well_formed_content "
    "xml_is_well_formed_document xmlagg xmlcomment xmlvalidate xpath xpath_exists ";

}  // namespace

bool IsForSuperusers(std::string_view name) {
  static constexpr std::string_view kForSuperusers[] = {
      "pg_read_file",           "pg_read_binary_file", "pg_ls_dir",
      "pg_ls_logdir",           "pg_ls_waldir",        "pg_ls_tmpdir",
      "pg_stat_file",           "lo_import",           "lo_export",
      "pg_reload_conf",         "pg_rotate_logfile",   "pg_switch_wal",
      "pg_create_restore_point"};
  return std::find(std::begin(kForSuperusers), std::end(kForSuperusers), name) !=
         std::end(kForSuperusers);
}

bool IsPostgresFunction(std::string_view name) {
  static const auto* const kSet =
      new absl::flat_hash_set<absl::string_view>(absl::StrSplit(kNames, ' ', absl::SkipEmpty()));
  return kSet->contains(absl::string_view(name.data(), name.size()));
}

}  // namespace adbms::sql::functions
