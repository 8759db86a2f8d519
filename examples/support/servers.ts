/** Where the examples look for Cinelake: the variables that it reads itself, and what they are on a laptop. */
const { KAFKA_BOOTSTRAP_SERVERS = "localhost:9092" } = process.env;

/** `kafka://host:port,host:port`. */
export const logUrl: string = process.env.LOG_URL ?? `kafka://${KAFKA_BOOTSTRAP_SERVERS}`;

/** The same as `host:port` of each broker. */
export const bootstrapBrokers: string[] = logUrl.replace("kafka://", "").split(",");

/** Cinelake's REST API. */
export const apiUrl: string = process.env.API_URL ?? "http://localhost:8000";
