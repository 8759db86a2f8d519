import type { SqlColumn } from "../engine.ts";

const TEXT_MAP = "MAP(VARCHAR, VARCHAR)";
const VECTOR =
  'STRUCT("storageType" VARCHAR, "pathOrInlineDv" VARCHAR, "offset" INTEGER, "sizeInBytes" INTEGER, "cardinality" BIGINT)';

/** The actions that a checkpoint holds, one column each, as DuckDB's types. */
const ACTIONS: readonly SqlColumn[] = [
  { name: "txn", type: 'STRUCT("appId" VARCHAR, "version" BIGINT, "lastUpdated" BIGINT)' },
  {
    name: "metaData",
    type: `STRUCT("id" VARCHAR, "name" VARCHAR, "description" VARCHAR, "format" STRUCT("provider" VARCHAR, "options" ${TEXT_MAP}), "schemaString" VARCHAR, "partitionColumns" VARCHAR[], "configuration" ${TEXT_MAP}, "createdTime" BIGINT)`,
  },
  {
    name: "protocol",
    type: 'STRUCT("minReaderVersion" INTEGER, "minWriterVersion" INTEGER, "readerFeatures" VARCHAR[], "writerFeatures" VARCHAR[])',
  },
  { name: "domainMetadata", type: 'STRUCT("domain" VARCHAR, "configuration" VARCHAR, "removed" BOOLEAN)' },
];

const ADD = `"path" VARCHAR, "partitionValues" ${TEXT_MAP}, "size" BIGINT, "modificationTime" BIGINT, "dataChange" BOOLEAN, "stats" VARCHAR, "tags" ${TEXT_MAP}`;
const REMOVE = `"path" VARCHAR, "deletionTimestamp" BIGINT, "dataChange" BOOLEAN, "extendedFileMetadata" BOOLEAN, "partitionValues" ${TEXT_MAP}, "size" BIGINT`;

/** What is written: the columns of PROTOCOL.md's checkpoint schema for tables without deletion vectors. */
export const WRITTEN_COLUMNS: readonly SqlColumn[] = [
  ...ACTIONS,
  { name: "add", type: `STRUCT(${ADD})` },
  { name: "remove", type: `STRUCT(${REMOVE})` },
];

/** What is read; a column or field that a checkpoint lacks is null. */
export const READ_COLUMNS: readonly SqlColumn[] = [
  ...ACTIONS,
  { name: "add", type: `STRUCT(${ADD}, "deletionVector" ${VECTOR})` },
  { name: "remove", type: `STRUCT(${REMOVE}, "deletionVector" ${VECTOR})` },
];
