#include "services/storage/catalog/system_tables.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "common/types/type.h"

namespace adbms::storage::catalog {
namespace {

// One computed table; `columns` is "name:type,…" with pg_type's names. PostgreSQL 15's tables and
// views keep its oids and columns; a type that does not exist here is shown as the nearest one.
struct SystemTable {
  uint32_t id;
  const char* schema;
  const char* name;
  const char* columns;
};

constexpr SystemTable kSystemTables[] = {
    {826, "pg_catalog", "pg_default_acl",
     "oid:oid,defaclrole:oid,defaclnamespace:oid,defaclobjtype:char,defaclacl:_text"},
    {1213, "pg_catalog", "pg_tablespace",
     "oid:oid,spcname:name,spcowner:oid,spcacl:_text,spcoptions:_text"},
    {1214, "pg_catalog", "pg_shdepend",
     "dbid:oid,classid:oid,objid:oid,objsubid:int4,refclassid:oid,refobjid:oid,"
     "deptype:char"},
    {1247, "pg_catalog", "pg_type",
     "oid:oid,typname:name,typnamespace:oid,typowner:oid,typlen:int2,typbyval:bool,"
     "typtype:char,typcategory:char,typispreferred:bool,typisdefined:bool,typdelim:char,"
     "typrelid:oid,typsubscript:oid,typelem:oid,typarray:oid,typinput:oid,typoutput:oid,"
     "typreceive:oid,typsend:oid,typmodin:oid,typmodout:oid,typanalyze:oid,typalign:char,"
     "typstorage:char,typnotnull:bool,typbasetype:oid,typtypmod:int4,typndims:int4,"
     "typcollation:oid,typdefaultbin:text,typdefault:text,typacl:_text"},
    {1249, "pg_catalog", "pg_attribute",
     "attrelid:oid,attname:name,atttypid:oid,attstattarget:int4,attlen:int2,attnum:int2,"
     "attndims:int4,attcacheoff:int4,atttypmod:int4,attbyval:bool,attalign:char,"
     "attstorage:char,attcompression:char,attnotnull:bool,atthasdef:bool,"
     "atthasmissing:bool,attidentity:char,attgenerated:char,attisdropped:bool,"
     "attislocal:bool,attinhcount:int4,attcollation:oid,attacl:_text,attoptions:_text,"
     "attfdwoptions:_text,attmissingval:text"},
    {1255, "pg_catalog", "pg_proc",
     "oid:oid,proname:name,pronamespace:oid,proowner:oid,prolang:oid,procost:float4,"
     "prorows:float4,provariadic:oid,prosupport:regproc,prokind:char,prosecdef:bool,"
     "proleakproof:bool,proisstrict:bool,proretset:bool,provolatile:char,proparallel:char,"
     "pronargs:int2,pronargdefaults:int2,prorettype:oid,proargtypes:oidvector,"
     "proallargtypes:_oid,proargmodes:_text,proargnames:_text,proargdefaults:text,"
     "protrftypes:_oid,prosrc:text,probin:text,prosqlbody:text,proconfig:_text,"
     "proacl:_text"},
    {1259, "pg_catalog", "pg_class",
     "oid:oid,relname:name,relnamespace:oid,reltype:oid,reloftype:oid,relowner:oid,"
     "relam:oid,relfilenode:oid,reltablespace:oid,relpages:int4,reltuples:float4,"
     "relallvisible:int4,reltoastrelid:oid,relhasindex:bool,relisshared:bool,"
     "relpersistence:char,relkind:char,relnatts:int2,relchecks:int2,relhasrules:bool,"
     "relhastriggers:bool,relhassubclass:bool,relrowsecurity:bool,"
     "relforcerowsecurity:bool,relispopulated:bool,relreplident:char,relispartition:bool,"
     "relrewrite:oid,relfrozenxid:int8,relminmxid:int8,relacl:_text,reloptions:_text,"
     "relpartbound:text"},
    {1260, "pg_catalog", "pg_authid",
     "oid:oid,rolname:name,rolsuper:bool,rolinherit:bool,rolcreaterole:bool,"
     "rolcreatedb:bool,rolcanlogin:bool,rolreplication:bool,rolbypassrls:bool,"
     "rolconnlimit:int4,rolpassword:text,rolvaliduntil:timestamptz"},
    {1261, "pg_catalog", "pg_auth_members", "roleid:oid,member:oid,grantor:oid,admin_option:bool"},
    {1262, "pg_catalog", "pg_database",
     "oid:oid,datname:name,datdba:oid,encoding:int4,datlocprovider:char,"
     "datistemplate:bool,datallowconn:bool,datconnlimit:int4,datfrozenxid:int8,"
     "datminmxid:int8,dattablespace:oid,datcollate:text,datctype:text,daticulocale:text,"
     "datcollversion:text,datacl:_text"},
    {1417, "pg_catalog", "pg_foreign_server",
     "oid:oid,srvname:name,srvowner:oid,srvfdw:oid,srvtype:text,srvversion:text,"
     "srvacl:_text,srvoptions:_text"},
    {1418, "pg_catalog", "pg_user_mapping", "oid:oid,umuser:oid,umserver:oid,umoptions:_text"},
    {2224, "pg_catalog", "pg_sequence",
     "seqrelid:oid,seqtypid:oid,seqstart:int8,seqincrement:int8,seqmax:int8,seqmin:int8,"
     "seqcache:int8,seqcycle:bool"},
    {2328, "pg_catalog", "pg_foreign_data_wrapper",
     "oid:oid,fdwname:name,fdwowner:oid,fdwhandler:oid,fdwvalidator:oid,fdwacl:_text,"
     "fdwoptions:_text"},
    {2396, "pg_catalog", "pg_shdescription", "objoid:oid,classoid:oid,description:text"},
    {2600, "pg_catalog", "pg_aggregate",
     "aggfnoid:regproc,aggkind:char,aggnumdirectargs:int2,aggtransfn:regproc,"
     "aggfinalfn:regproc,aggcombinefn:regproc,aggserialfn:regproc,aggdeserialfn:regproc,"
     "aggmtransfn:regproc,aggminvtransfn:regproc,aggmfinalfn:regproc,aggfinalextra:bool,"
     "aggmfinalextra:bool,"
     "aggfinalmodify:char,aggmfinalmodify:char,aggsortop:oid,aggtranstype:oid,"
     "aggtransspace:int4,aggmtranstype:oid,aggmtransspace:int4,agginitval:text,"
     "aggminitval:text"},
    {2601, "pg_catalog", "pg_am", "oid:oid,amname:name,amhandler:oid,amtype:char"},
    {2602, "pg_catalog", "pg_amop",
     "oid:oid,amopfamily:oid,amoplefttype:oid,amoprighttype:oid,amopstrategy:int2,"
     "amoppurpose:char,amopopr:oid,amopmethod:oid,amopsortfamily:oid"},
    {2603, "pg_catalog", "pg_amproc",
     "oid:oid,amprocfamily:oid,amproclefttype:oid,amprocrighttype:oid,amprocnum:int2,"
     "amproc:oid"},
    {2604, "pg_catalog", "pg_attrdef", "oid:oid,adrelid:oid,adnum:int2,adbin:text"},
    {2605, "pg_catalog", "pg_cast",
     "oid:oid,castsource:oid,casttarget:oid,castfunc:oid,castcontext:char,castmethod:char"},
    {2606, "pg_catalog", "pg_constraint",
     "oid:oid,conname:name,connamespace:oid,contype:char,condeferrable:bool,"
     "condeferred:bool,convalidated:bool,conrelid:oid,contypid:oid,conindid:oid,"
     "conparentid:oid,confrelid:oid,confupdtype:char,confdeltype:char,confmatchtype:char,"
     "conislocal:bool,coninhcount:int4,connoinherit:bool,conkey:_int2,confkey:_int2,"
     "conpfeqop:_oid,conppeqop:_oid,conffeqop:_oid,confdelsetcols:_int2,conexclop:_oid,"
     "conbin:text"},
    {2607, "pg_catalog", "pg_conversion",
     "oid:oid,conname:name,connamespace:oid,conowner:oid,conforencoding:int4,"
     "contoencoding:int4,conproc:oid,condefault:bool"},
    {2608, "pg_catalog", "pg_depend",
     "classid:oid,objid:oid,objsubid:int4,refclassid:oid,refobjid:oid,refobjsubid:int4,"
     "deptype:char"},
    {2609, "pg_catalog", "pg_description",
     "objoid:oid,classoid:oid,objsubid:int4,description:text"},
    {2610, "pg_catalog", "pg_index",
     "indexrelid:oid,indrelid:oid,indnatts:int2,indnkeyatts:int2,indisunique:bool,"
     "indnullsnotdistinct:bool,indisprimary:bool,indisexclusion:bool,indimmediate:bool,"
     "indisclustered:bool,indisvalid:bool,indcheckxmin:bool,indisready:bool,"
     "indislive:bool,indisreplident:bool,indkey:int2vector,indcollation:oidvector,"
     "indclass:oidvector,indoption:int2vector,indexprs:text,indpred:text"},
    {2611, "pg_catalog", "pg_inherits",
     "inhrelid:oid,inhparent:oid,inhseqno:int4,inhdetachpending:bool"},
    {2612, "pg_catalog", "pg_language",
     "oid:oid,lanname:name,lanowner:oid,lanispl:bool,lanpltrusted:bool,lanplcallfoid:oid,"
     "laninline:oid,lanvalidator:oid,lanacl:_text"},
    {2615, "pg_catalog", "pg_namespace", "oid:oid,nspname:name,nspowner:oid,nspacl:_text"},
    {2616, "pg_catalog", "pg_opclass",
     "oid:oid,opcmethod:oid,opcname:name,opcnamespace:oid,opcowner:oid,opcfamily:oid,"
     "opcintype:oid,opcdefault:bool,opckeytype:oid"},
    {2617, "pg_catalog", "pg_operator",
     "oid:oid,oprname:name,oprnamespace:oid,oprowner:oid,oprkind:char,oprcanmerge:bool,"
     "oprcanhash:bool,oprleft:oid,oprright:oid,oprresult:oid,oprcom:oid,oprnegate:oid,"
     "oprcode:oid,oprrest:oid,oprjoin:oid"},
    {2618, "pg_catalog", "pg_rewrite",
     "oid:oid,rulename:name,ev_class:oid,ev_type:char,ev_enabled:char,is_instead:bool,"
     "ev_qual:text,ev_action:text"},
    {2619, "pg_catalog", "pg_statistic",
     "starelid:oid,staattnum:int2,stainherit:bool,stanullfrac:float4,stawidth:int4,"
     "stadistinct:float4,stakind1:int2,stakind2:int2,stakind3:int2,stakind4:int2,"
     "stakind5:int2,staop1:oid,staop2:oid,staop3:oid,staop4:oid,staop5:oid,stacoll1:oid,"
     "stacoll2:oid,stacoll3:oid,stacoll4:oid,stacoll5:oid,stanumbers1:_text,"
     "stanumbers2:_text,stanumbers3:_text,stanumbers4:_text,stanumbers5:_text,"
     "stavalues1:text,stavalues2:text,stavalues3:text,stavalues4:text,stavalues5:text"},
    {2620, "pg_catalog", "pg_trigger",
     "oid:oid,tgrelid:oid,tgparentid:oid,tgname:name,tgfoid:oid,tgtype:int2,"
     "tgenabled:char,tgisinternal:bool,tgconstrrelid:oid,tgconstrindid:oid,"
     "tgconstraint:oid,tgdeferrable:bool,tginitdeferred:bool,tgnargs:int2,"
     "tgattr:int2vector,tgargs:bytea,tgqual:text,tgoldtable:name,tgnewtable:name"},
    {2753, "pg_catalog", "pg_opfamily",
     "oid:oid,opfmethod:oid,opfname:name,opfnamespace:oid,opfowner:oid"},
    {2964, "pg_catalog", "pg_db_role_setting", "setdatabase:oid,setrole:oid,setconfig:_text"},
    {2995, "pg_catalog", "pg_largeobject_metadata", "oid:oid,lomowner:oid,lomacl:_text"},
    {3079, "pg_catalog", "pg_extension",
     "oid:oid,extname:name,extowner:oid,extnamespace:oid,extrelocatable:bool,"
     "extversion:text,extconfig:_oid,extcondition:_text"},
    {3118, "pg_catalog", "pg_foreign_table", "ftrelid:oid,ftserver:oid,ftoptions:_text"},
    {3256, "pg_catalog", "pg_policy",
     "oid:oid,polname:name,polrelid:oid,polcmd:char,polpermissive:bool,polroles:_oid,"
     "polqual:text,polwithcheck:text"},
    {3350, "pg_catalog", "pg_partitioned_table",
     "partrelid:oid,partstrat:char,partnatts:int2,partdefid:oid,partattrs:int2vector,"
     "partclass:oidvector,partcollation:oidvector,partexprs:text"},
    {3381, "pg_catalog", "pg_statistic_ext",
     "oid:oid,stxrelid:oid,stxname:name,stxnamespace:oid,stxowner:oid,stxstattarget:int4,"
     "stxkeys:int2vector,stxkind:_text,stxexprs:text"},
    {3394, "pg_catalog", "pg_init_privs",
     "objoid:oid,classoid:oid,objsubid:int4,privtype:char,initprivs:_text"},
    {3456, "pg_catalog", "pg_collation",
     "oid:oid,collname:name,collnamespace:oid,collowner:oid,collprovider:char,"
     "collisdeterministic:bool,collencoding:int4,collcollate:text,collctype:text,"
     "colliculocale:text,collversion:text"},
    {3466, "pg_catalog", "pg_event_trigger",
     "oid:oid,evtname:name,evtevent:name,evtowner:oid,evtfoid:oid,evtenabled:char,"
     "evttags:_text"},
    {3501, "pg_catalog", "pg_enum", "oid:oid,enumtypid:oid,enumsortorder:float4,enumlabel:name"},
    {3541, "pg_catalog", "pg_range",
     "rngtypid:oid,rngsubtype:oid,rngmultitypid:oid,rngcollation:oid,rngsubopc:oid,"
     "rngcanonical:regproc,rngsubdiff:regproc"},
    {3576, "pg_catalog", "pg_transform",
     "oid:oid,trftype:oid,trflang:oid,trffromsql:oid,trftosql:oid"},
    {3596, "pg_catalog", "pg_seclabel",
     "objoid:oid,classoid:oid,objsubid:int4,provider:text,label:text"},
    {3600, "pg_catalog", "pg_ts_dict",
     "oid:oid,dictname:name,dictnamespace:oid,dictowner:oid,dicttemplate:oid,"
     "dictinitoption:text"},
    {3601, "pg_catalog", "pg_ts_parser",
     "oid:oid,prsname:name,prsnamespace:oid,prsstart:oid,prstoken:oid,prsend:oid,"
     "prsheadline:oid,prslextype:oid"},
    {3602, "pg_catalog", "pg_ts_config",
     "oid:oid,cfgname:name,cfgnamespace:oid,cfgowner:oid,cfgparser:oid"},
    {3603, "pg_catalog", "pg_ts_config_map",
     "mapcfg:oid,maptokentype:int4,mapseqno:int4,mapdict:oid"},
    {3764, "pg_catalog", "pg_ts_template",
     "oid:oid,tmplname:name,tmplnamespace:oid,tmplinit:oid,tmpllexize:oid"},
    {6100, "pg_catalog", "pg_subscription",
     "oid:oid,subdbid:oid,subskiplsn:text,subname:name,subowner:oid,subenabled:bool,"
     "subbinary:bool,substream:bool,subtwophasestate:char,subdisableonerr:bool,"
     "subconninfo:text,subslotname:name,subsynccommit:text,subpublications:_text"},
    {6104, "pg_catalog", "pg_publication",
     "oid:oid,pubname:name,pubowner:oid,puballtables:bool,pubinsert:bool,pubupdate:bool,"
     "pubdelete:bool,pubtruncate:bool,pubviaroot:bool"},
    {6106, "pg_catalog", "pg_publication_rel",
     "oid:oid,prpubid:oid,prrelid:oid,prqual:text,prattrs:int2vector"},
    {6237, "pg_catalog", "pg_publication_namespace", "oid:oid,pnpubid:oid,pnnspid:oid"},
    {12000, "pg_catalog", "pg_roles",
     "rolname:name,rolsuper:bool,rolinherit:bool,rolcreaterole:bool,rolcreatedb:bool,"
     "rolcanlogin:bool,rolreplication:bool,rolconnlimit:int4,rolpassword:text,"
     "rolvaliduntil:timestamptz,rolbypassrls:bool,rolconfig:_text,oid:oid"},
    {12010, "pg_catalog", "pg_group", "groname:name,grosysid:oid,grolist:_oid"},
    {12014, "pg_catalog", "pg_user",
     "usename:name,usesysid:oid,usecreatedb:bool,usesuper:bool,userepl:bool,"
     "usebypassrls:bool,passwd:text,valuntil:timestamptz,useconfig:_text"},
    {12018, "pg_catalog", "pg_policies",
     "schemaname:name,tablename:name,policyname:name,permissive:text,roles:_name,cmd:text,"
     "qual:text,with_check:text"},
    {12028, "pg_catalog", "pg_views",
     "schemaname:name,viewname:name,viewowner:name,definition:text"},
    {12033, "pg_catalog", "pg_tables",
     "schemaname:name,tablename:name,tableowner:name,tablespace:name,hasindexes:bool,"
     "hasrules:bool,hastriggers:bool,rowsecurity:bool"},
    {12038, "pg_catalog", "pg_matviews",
     "schemaname:name,matviewname:name,matviewowner:name,tablespace:name,hasindexes:bool,"
     "ispopulated:bool,definition:text"},
    {12043, "pg_catalog", "pg_indexes",
     "schemaname:name,tablename:name,indexname:name,tablespace:name,indexdef:text"},
    {12048, "pg_catalog", "pg_sequences",
     "schemaname:name,sequencename:name,sequenceowner:name,data_type:oid,start_value:int8,"
     "min_value:int8,max_value:int8,increment_by:int8,cycle:bool,cache_size:int8,"
     "last_value:int8"},
    {12053, "pg_catalog", "pg_stats",
     "schemaname:name,tablename:name,attname:name,inherited:bool,null_frac:float4,"
     "avg_width:int4,n_distinct:float4,most_common_vals:text,most_common_freqs:_text,"
     "histogram_bounds:text,correlation:float4,most_common_elems:text,"
     "most_common_elem_freqs:_text,elem_count_histogram:_text"},
    {12073, "pg_catalog", "pg_locks",
     "locktype:text,database:oid,relation:oid,page:int4,tuple:int2,virtualxid:text,"
     "transactionid:int8,classid:oid,objid:oid,objsubid:int2,virtualtransaction:text,"
     "pid:int4,mode:text,granted:bool,fastpath:bool,waitstart:timestamptz"},
    {12077, "pg_catalog", "pg_cursors",
     "name:text,statement:text,is_holdable:bool,is_binary:bool,is_scrollable:bool,"
     "creation_time:timestamptz"},
    {12081, "pg_catalog", "pg_available_extensions",
     "name:name,default_version:text,installed_version:text,comment:text"},
    {12090, "pg_catalog", "pg_prepared_xacts",
     "transaction:int8,gid:text,prepared:timestamptz,owner:name,database:name"},
    {12095, "pg_catalog", "pg_prepared_statements",
     "name:text,statement:text,prepare_time:timestamptz,parameter_types:_regtype,"
     "from_sql:bool,generic_plans:int8,custom_plans:int8"},
    {12099, "pg_catalog", "pg_seclabels",
     "objoid:oid,classoid:oid,objsubid:int4,objtype:text,objnamespace:oid,objname:text,"
     "provider:text,label:text"},
    {12104, "pg_catalog", "pg_settings",
     "name:text,setting:text,unit:text,category:text,short_desc:text,extra_desc:text,"
     "context:text,vartype:text,source:text,min_val:text,max_val:text,enumvals:_text,"
     "boot_val:text,reset_val:text,sourcefile:text,sourceline:int4,pending_restart:bool"},
    {12126, "pg_catalog", "pg_timezone_names",
     "name:text,abbrev:text,utc_offset:interval,is_dst:bool"},
    {12142, "pg_catalog", "pg_stat_all_tables",
     "relid:oid,schemaname:name,relname:name,seq_scan:int8,seq_tup_read:int8,"
     "idx_scan:int8,idx_tup_fetch:int8,n_tup_ins:int8,n_tup_upd:int8,n_tup_del:int8,"
     "n_tup_hot_upd:int8,n_live_tup:int8,n_dead_tup:int8,n_mod_since_analyze:int8,"
     "n_ins_since_vacuum:int8,last_vacuum:timestamptz,last_autovacuum:timestamptz,"
     "last_analyze:timestamptz,last_autoanalyze:timestamptz,vacuum_count:int8,"
     "autovacuum_count:int8,analyze_count:int8,autoanalyze_count:int8"},
    {12161, "pg_catalog", "pg_stat_user_tables",
     "relid:oid,schemaname:name,relname:name,seq_scan:int8,seq_tup_read:int8,"
     "idx_scan:int8,idx_tup_fetch:int8,n_tup_ins:int8,n_tup_upd:int8,n_tup_del:int8,"
     "n_tup_hot_upd:int8,n_live_tup:int8,n_dead_tup:int8,n_mod_since_analyze:int8,"
     "n_ins_since_vacuum:int8,last_vacuum:timestamptz,last_autovacuum:timestamptz,"
     "last_analyze:timestamptz,last_autoanalyze:timestamptz,vacuum_count:int8,"
     "autovacuum_count:int8,analyze_count:int8,autoanalyze_count:int8"},
    {12170, "pg_catalog", "pg_statio_all_tables",
     "relid:oid,schemaname:name,relname:name,heap_blks_read:int8,heap_blks_hit:int8,"
     "idx_blks_read:int8,idx_blks_hit:int8,toast_blks_read:int8,toast_blks_hit:int8,"
     "tidx_blks_read:int8,tidx_blks_hit:int8"},
    {12179, "pg_catalog", "pg_statio_user_tables",
     "relid:oid,schemaname:name,relname:name,heap_blks_read:int8,heap_blks_hit:int8,"
     "idx_blks_read:int8,idx_blks_hit:int8,toast_blks_read:int8,toast_blks_hit:int8,"
     "tidx_blks_read:int8,tidx_blks_hit:int8"},
    {12183, "pg_catalog", "pg_stat_all_indexes",
     "relid:oid,indexrelid:oid,schemaname:name,relname:name,indexrelname:name,"
     "idx_scan:int8,idx_tup_read:int8,idx_tup_fetch:int8"},
    {12192, "pg_catalog", "pg_stat_user_indexes",
     "relid:oid,indexrelid:oid,schemaname:name,relname:name,indexrelname:name,"
     "idx_scan:int8,idx_tup_read:int8,idx_tup_fetch:int8"},
    {12222, "pg_catalog", "pg_stat_activity",
     "datid:oid,datname:name,pid:int4,leader_pid:int4,usesysid:oid,usename:name,"
     "application_name:text,client_addr:text,client_hostname:text,client_port:int4,"
     "backend_start:timestamptz,xact_start:timestamptz,query_start:timestamptz,"
     "state_change:timestamptz,wait_event_type:text,wait_event:text,state:text,"
     "backend_xid:int8,backend_xmin:int8,query_id:int8,query:text,backend_type:text"},
    {12227, "pg_catalog", "pg_stat_replication",
     "pid:int4,usesysid:oid,usename:name,application_name:text,client_addr:text,"
     "client_hostname:text,client_port:int4,backend_start:timestamptz,backend_xmin:int8,"
     "state:text,sent_lsn:text,write_lsn:text,flush_lsn:text,replay_lsn:text,"
     "write_lag:interval,flush_lag:interval,replay_lag:interval,sync_priority:int4,"
     "sync_state:text,reply_time:timestamptz"},
    {12257, "pg_catalog", "pg_replication_slots",
     "slot_name:name,plugin:name,slot_type:text,datoid:oid,database:name,temporary:bool,"
     "active:bool,active_pid:int4,xmin:int8,catalog_xmin:int8,restart_lsn:text,"
     "confirmed_flush_lsn:text,wal_status:text,safe_wal_size:int8,two_phase:bool"},
    {12266, "pg_catalog", "pg_stat_database",
     "datid:oid,datname:name,numbackends:int4,xact_commit:int8,xact_rollback:int8,"
     "blks_read:int8,blks_hit:int8,tup_returned:int8,tup_fetched:int8,tup_inserted:int8,"
     "tup_updated:int8,tup_deleted:int8,conflicts:int8,temp_files:int8,temp_bytes:int8,"
     "deadlocks:int8,checksum_failures:int8,checksum_last_failure:timestamptz,"
     "blk_read_time:float8,blk_write_time:float8,session_time:float8,active_time:float8,"
     "idle_in_transaction_time:float8,sessions:int8,sessions_abandoned:int8,"
     "sessions_fatal:int8,sessions_killed:int8,stats_reset:timestamptz"},
    {12327, "pg_catalog", "pg_user_mappings",
     "umid:oid,srvid:oid,srvname:name,umuser:oid,usename:name,umoptions:_text"},
    {13260, "information_schema", "check_constraints",
     "constraint_catalog:name,constraint_schema:name,constraint_name:name,"
     "check_clause:varchar"},
    {13318, "information_schema", "domain_constraints",
     "constraint_catalog:name,constraint_schema:name,constraint_name:name,domain_catalog:name,"
     "domain_schema:name,domain_name:name,is_deferrable:varchar,initially_deferred:varchar"},
    {13327, "information_schema", "domains",
     "domain_catalog:name,domain_schema:name,domain_name:name,data_type:varchar,"
     "character_maximum_length:int4,character_octet_length:int4,character_set_catalog:name,"
     "character_set_schema:name,character_set_name:name,collation_catalog:name,"
     "collation_schema:name,collation_name:name,numeric_precision:int4,"
     "numeric_precision_radix:int4,numeric_scale:int4,datetime_precision:int4,"
     "interval_type:varchar,interval_precision:int4,domain_default:varchar,udt_catalog:name,"
     "udt_schema:name,udt_name:name,scope_catalog:name,scope_schema:name,scope_name:name,"
     "maximum_cardinality:int4,dtd_identifier:name"},
    {13285, "information_schema", "column_privileges",
     "grantor:name,grantee:name,table_catalog:name,table_schema:name,table_name:name,"
     "column_name:name,privilege_type:varchar,is_grantable:varchar"},
    {13295, "information_schema", "columns",
     "table_catalog:name,table_schema:name,table_name:name,column_name:name,"
     "ordinal_position:int4,column_default:varchar,is_nullable:varchar,data_type:varchar,"
     "character_maximum_length:int4,character_octet_length:int4,numeric_precision:int4,"
     "numeric_precision_radix:int4,numeric_scale:int4,datetime_precision:int4,"
     "interval_type:varchar,interval_precision:int4,character_set_catalog:name,"
     "character_set_schema:name,character_set_name:name,collation_catalog:name,"
     "collation_schema:name,collation_name:name,domain_catalog:name,domain_schema:name,"
     "domain_name:name,udt_catalog:name,udt_schema:name,udt_name:name,scope_catalog:name,"
     "scope_schema:name,scope_name:name,maximum_cardinality:int4,dtd_identifier:name,"
     "is_self_referencing:varchar,is_identity:varchar,identity_generation:varchar,"
     "identity_start:varchar,identity_increment:varchar,identity_maximum:varchar,"
     "identity_minimum:varchar,identity_cycle:varchar,is_generated:varchar,"
     "generation_expression:varchar,is_updatable:varchar"},
    {13300, "information_schema", "constraint_column_usage",
     "table_catalog:name,table_schema:name,table_name:name,column_name:name,"
     "constraint_catalog:name,constraint_schema:name,constraint_name:name"},
    {13329, "information_schema", "key_column_usage",
     "constraint_catalog:name,constraint_schema:name,constraint_name:name,"
     "table_catalog:name,table_schema:name,table_name:name,column_name:name,"
     "ordinal_position:int4,position_in_unique_constraint:int4"},
    {13334, "information_schema", "parameters",
     "specific_catalog:name,specific_schema:name,specific_name:name,ordinal_position:int4,"
     "parameter_mode:varchar,is_result:varchar,as_locator:varchar,parameter_name:name,"
     "data_type:varchar,character_maximum_length:int4,character_octet_length:int4,"
     "character_set_catalog:name,character_set_schema:name,character_set_name:name,"
     "collation_catalog:name,collation_schema:name,collation_name:name,"
     "numeric_precision:int4,numeric_precision_radix:int4,numeric_scale:int4,"
     "datetime_precision:int4,interval_type:varchar,interval_precision:int4,"
     "udt_catalog:name,udt_schema:name,udt_name:name,scope_catalog:name,scope_schema:name,"
     "scope_name:name,maximum_cardinality:int4,dtd_identifier:name,"
     "parameter_default:varchar"},
    {13339, "information_schema", "referential_constraints",
     "constraint_catalog:name,constraint_schema:name,constraint_name:name,"
     "unique_constraint_catalog:name,unique_constraint_schema:name,"
     "unique_constraint_name:name,match_option:varchar,update_rule:varchar,"
     "delete_rule:varchar"},
    {13344, "information_schema", "role_column_grants",
     "grantor:name,grantee:name,table_catalog:name,table_schema:name,table_name:name,"
     "column_name:name,privilege_type:varchar,is_grantable:varchar"},
    {13377, "information_schema", "routines",
     "specific_catalog:name,specific_schema:name,specific_name:name,routine_catalog:name,"
     "routine_schema:name,routine_name:name,routine_type:varchar,module_catalog:name,"
     "module_schema:name,module_name:name,udt_catalog:name,udt_schema:name,udt_name:name,"
     "data_type:varchar,character_maximum_length:int4,character_octet_length:int4,"
     "character_set_catalog:name,character_set_schema:name,character_set_name:name,"
     "collation_catalog:name,collation_schema:name,collation_name:name,"
     "numeric_precision:int4,numeric_precision_radix:int4,numeric_scale:int4,"
     "datetime_precision:int4,interval_type:varchar,interval_precision:int4,"
     "type_udt_catalog:name,type_udt_schema:name,type_udt_name:name,scope_catalog:name,"
     "scope_schema:name,scope_name:name,maximum_cardinality:int4,dtd_identifier:name,"
     "routine_body:varchar,routine_definition:varchar,external_name:varchar,"
     "external_language:varchar,parameter_style:varchar,is_deterministic:varchar,"
     "sql_data_access:varchar,is_null_call:varchar,sql_path:varchar,"
     "schema_level_routine:varchar,max_dynamic_result_sets:int4,"
     "is_user_defined_cast:varchar,is_implicitly_invocable:varchar,security_type:varchar,"
     "to_sql_specific_catalog:name,to_sql_specific_schema:name,to_sql_specific_name:name,"
     "as_locator:varchar,created:timestamptz,last_altered:timestamptz,"
     "new_savepoint_level:varchar,is_udt_dependent:varchar,"
     "result_cast_from_data_type:varchar,result_cast_as_locator:varchar,"
     "result_cast_char_max_length:int4,result_cast_char_octet_length:int4,"
     "result_cast_char_set_catalog:name,result_cast_char_set_schema:name,"
     "result_cast_char_set_name:name,result_cast_collation_catalog:name,"
     "result_cast_collation_schema:name,result_cast_collation_name:name,"
     "result_cast_numeric_precision:int4,result_cast_numeric_precision_radix:int4,"
     "result_cast_numeric_scale:int4,result_cast_datetime_precision:int4,"
     "result_cast_interval_type:varchar,result_cast_interval_precision:int4,"
     "result_cast_type_udt_catalog:name,result_cast_type_udt_schema:name,"
     "result_cast_type_udt_name:name,result_cast_scope_catalog:name,"
     "result_cast_scope_schema:name,result_cast_scope_name:name,"
     "result_cast_maximum_cardinality:int4,result_cast_dtd_identifier:name"},
    {13382, "information_schema", "schemata",
     "catalog_name:name,schema_name:name,schema_owner:name,"
     "default_character_set_catalog:name,default_character_set_schema:name,"
     "default_character_set_name:name,sql_path:varchar"},
    {13386, "information_schema", "sequences",
     "sequence_catalog:name,sequence_schema:name,sequence_name:name,data_type:varchar,"
     "numeric_precision:int4,numeric_precision_radix:int4,numeric_scale:int4,"
     "start_value:varchar,minimum_value:varchar,maximum_value:varchar,increment:varchar,"
     "cycle_option:varchar"},
    {13411, "information_schema", "table_constraints",
     "constraint_catalog:name,constraint_schema:name,constraint_name:name,"
     "table_catalog:name,table_schema:name,table_name:name,constraint_type:varchar,"
     "is_deferrable:varchar,initially_deferred:varchar,enforced:varchar,"
     "nulls_distinct:varchar"},
    {13416, "information_schema", "table_privileges",
     "grantor:name,grantee:name,table_catalog:name,table_schema:name,table_name:name,"
     "privilege_type:varchar,is_grantable:varchar,with_hierarchy:varchar"},
    {13421, "information_schema", "role_table_grants",
     "grantor:name,grantee:name,table_catalog:name,table_schema:name,table_name:name,"
     "privilege_type:varchar,is_grantable:varchar,with_hierarchy:varchar"},
    {13425, "information_schema", "tables",
     "table_catalog:name,table_schema:name,table_name:name,table_type:varchar,"
     "self_referencing_column_name:name,reference_generation:varchar,"
     "user_defined_type_catalog:name,user_defined_type_schema:name,"
     "user_defined_type_name:name,is_insertable_into:varchar,is_typed:varchar,"
     "commit_action:varchar"},
    {13434, "information_schema", "triggered_update_columns",
     "trigger_catalog:name,trigger_schema:name,trigger_name:name,event_object_catalog:name,"
     "event_object_schema:name,event_object_table:name,event_object_column:name"},
    {13439, "information_schema", "triggers",
     "trigger_catalog:name,trigger_schema:name,trigger_name:name,"
     "event_manipulation:varchar,event_object_catalog:name,event_object_schema:name,"
     "event_object_table:name,action_order:int4,action_condition:varchar,"
     "action_statement:varchar,action_orientation:varchar,action_timing:varchar,"
     "action_reference_old_table:name,action_reference_new_table:name,"
     "action_reference_old_row:name,action_reference_new_row:name,created:timestamptz"},
    {13483, "information_schema", "views",
     "table_catalog:name,table_schema:name,table_name:name,view_definition:varchar,"
     "check_option:varchar,is_updatable:varchar,is_insertable_into:varchar,"
     "is_trigger_updatable:varchar,is_trigger_deletable:varchar,"
     "is_trigger_insertable_into:varchar"},
    {13101, "adbms", "index_usage",
     "index_id:oid,table_id:oid,schema_name:name,table_name:name,index_name:name,"
     "is_unique:bool,is_constraint:bool,created_by:text,scans:int8,entries_read:int8,"
     "entries_written:int8,size_bytes:int8,last_scan:timestamptz"},
    {13102, "adbms", "knobs",
     "name:text,value:int8,default_value:int8,minimum:int8,maximum:int8,unit:text,"
     "description:text"},
    {13103, "adbms", "tables",
     "table_id:oid,schema_name:name,table_name:name,row_count:int8,size_bytes:int8,"
     "index_count:int4,primary_key:text,analyzed_at:timestamptz,scans:int8,"
     "rows_inserted:int8,rows_updated:int8,rows_deleted:int8"},
};

types::TypeId TypeOf(std::string_view name) {
  using types::TypeId;
  static const std::map<std::string_view, TypeId>* const kTypes =
      new std::map<std::string_view, TypeId>{
          {"bool", TypeId::kBool},
          {"int2", TypeId::kInt2},
          {"int4", TypeId::kInt4},
          {"int8", TypeId::kInt8},
          {"float4", TypeId::kFloat4},
          {"float8", TypeId::kFloat8},
          {"text", TypeId::kText},
          {"varchar", TypeId::kVarchar},
          {"name", TypeId::kName},
          {"char", TypeId::kChar},
          {"oid", TypeId::kOid},
          {"regproc", TypeId::kRegproc},
          {"bytea", TypeId::kBytea},
          {"timestamptz", TypeId::kTimestamptz},
          {"interval", TypeId::kInterval},
          {"_text", TypeId::kTextArray},
          {"_name", TypeId::kNameArray},
          {"_int2", TypeId::kInt2Array},
          {"_oid", TypeId::kOidArray},
          {"_regtype", types::ArrayOf(TypeId::kRegtype)},
          {"int2vector", TypeId::kInt2Vector},
          {"oidvector", TypeId::kOidVector},
      };
  const auto it = kTypes->find(name);
  return it == kTypes->end() ? TypeId::kText : it->second;
}

}  // namespace

std::vector<common::v1::TableDescriptor> SystemTableDescriptors() {
  std::vector<common::v1::TableDescriptor> result;
  for (const SystemTable& table : kSystemTables) {
    common::v1::TableDescriptor descriptor;
    descriptor.set_table_id(table.id);
    descriptor.set_schema_version(1);
    descriptor.set_schema(table.schema);
    descriptor.set_name(table.name);
    descriptor.set_owner("postgres");
    descriptor.set_is_virtual(true);
    std::string_view rest = table.columns;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(','), rest.size());
      const std::string_view item = rest.substr(0, end);
      const size_t colon = item.find(':');
      common::v1::ColumnDescriptor* column = descriptor.add_columns();
      column->set_name(std::string(item.substr(0, colon)));
      *column->mutable_type() = types::ToProto({TypeOf(item.substr(colon + 1)), 0});
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    result.push_back(std::move(descriptor));
  }
  return result;
}

}  // namespace adbms::storage::catalog
