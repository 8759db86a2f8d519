import type { TableContext, TableDescription } from "../api.ts";
import { rowCountOf } from "../data/statistics.ts";
import { featuresOf } from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";

/** What the log says of a table; also of one that cannot be read. */
export function describeTable(context: TableContext, state: TableState): TableDescription {
  const { metadata, protocol, files } = state;
  return {
    id: metadata.id,
    name: metadata.name,
    description: metadata.description,
    location: context.store.url.replace(/\/?(?=[?#]|$)/, () => `/${context.path}`),
    version: state.version,
    createdAt: metadata.createdTime,
    lastModified: state.timestamp,
    schema: state.schema,
    partitionColumns: metadata.partitionColumns,
    properties: metadata.configuration,
    minReaderVersion: protocol.minReaderVersion,
    minWriterVersion: protocol.minWriterVersion,
    features: featuresOf(protocol),
    files: files.size,
    bytes: Array.from(files.values()).reduce((sum, { size }) => sum + size, 0),
    rows: rowCountOf(files.values()),
  };
}
