import type { SqlColumn } from "../engine.ts";

const TEXT_MAP = "MAP(VARCHAR, VARCHAR)";
const VECTOR =
  'STRUCT("storageType" VARCHAR, "pathOrInlineDv" VARCHAR, "offset" INTEGER, "sizeInBytes" INTEGER, "cardinality" BIGINT, "maxRowIndex" BIGINT)';

/** The actions that are not about files, one column each, as DuckDB's types: those of a V1 checkpoint. */
const PLAIN_ACTIONS: readonly SqlColumn[] = [
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

const ROW_TRACKING = '"baseRowId" BIGINT, "defaultRowCommitVersion" BIGINT';
const ADD_FIELDS = `"path" VARCHAR, "partitionValues" ${TEXT_MAP}, "size" BIGINT, "modificationTime" BIGINT, "dataChange" BOOLEAN, "stats" VARCHAR, "tags" ${TEXT_MAP}, "deletionVector" ${VECTOR}, ${ROW_TRACKING}, "clusteringProvider" VARCHAR`;
const REMOVE = `STRUCT("path" VARCHAR, "deletionTimestamp" BIGINT, "dataChange" BOOLEAN, "extendedFileMetadata" BOOLEAN, "partitionValues" ${TEXT_MAP}, "size" BIGINT, "deletionVector" ${VECTOR}, ${ROW_TRACKING})`;

/** What the files of a checkpoint hold that are not sidecars, but for its file actions. */
export const PLAIN_COLUMNS: readonly SqlColumn[] = [
  ...PLAIN_ACTIONS,
  { name: "sidecar", type: 'STRUCT("path" VARCHAR, "sizeInBytes" BIGINT, "modificationTime" BIGINT)' },
];

export const REMOVE_COLUMN: SqlColumn = { name: "remove", type: REMOVE };

/** `statistics` is the type of `stats_parsed`, for checkpoints that keep it instead of `stats`. */
export function addColumn(statistics?: string): SqlColumn {
  return {
    name: "add",
    type: `STRUCT(${ADD_FIELDS}${statistics === undefined ? "" : `, "stats_parsed" ${statistics}`})`,
  };
}

/** The columns of a V1 checkpoint as it is written. */
export const WRITTEN_COLUMNS: readonly SqlColumn[] = [...PLAIN_ACTIONS, addColumn(), REMOVE_COLUMN];
