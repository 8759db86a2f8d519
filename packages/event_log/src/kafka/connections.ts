import { Connection, ResponseError, type API, type Broker } from "@platformatic/kafka";
import { closedError } from "../partition.ts";

/** Longest time that a broker may take for an answer, including the wait that a request asks for, and to connect. */
const ANSWER_MS = 5000;
const CONNECT_MS = 1000;
/** Unused connections kept to one broker. */
const MAX_IDLE = 8;

/**
 * Connections to brokers. Each carries one request at a time, because a broker answers the requests of a connection in turn: a request
 * that waits for records would hold up all behind it.
 */
export class Connections implements AsyncDisposable {
  readonly #clientId: string;
  readonly #idle = new Map<string, Connection[]>();
  readonly #open = new Set<Connection>();
  #isClosed = false;

  constructor(clientId: string) {
    this.#clientId = clientId;
  }

  /** Fails with the broker's error, or with the connection's, which is then given up. */
  async call<Args extends unknown[], Answer>(broker: Broker, api: API<Args, Answer>, args: Args): Promise<Answer> {
    const connection = await this.#take(broker);
    let isUsable = false;
    try {
      const answer = await api.async(connection, ...args);
      isUsable = true;
      return answer;
    } catch (error) {
      isUsable = error instanceof ResponseError;
      throw error;
    } finally {
      this.#giveBack(broker, connection, isUsable);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all(Array.from(this.#open, (connection) => connection.close()));
  }

  async #take(broker: Broker): Promise<Connection> {
    if (this.#isClosed) throw closedError();
    const idle = this.#idle.get(addressOf(broker));
    for (let connection = idle?.pop(); connection; connection = idle?.pop()) {
      if (connection.isConnected()) return connection;
    }
    const connection = new Connection(this.#clientId, { connectTimeout: CONNECT_MS, requestTimeout: ANSWER_MS });
    connection.on("error", () => {}); // whoever uses it gets the error from its request
    connection.once("close", () => this.#open.delete(connection));
    this.#open.add(connection);
    try {
      await connection.connect(broker.host, broker.port);
    } catch (error) {
      this.#open.delete(connection);
      throw error;
    }
    return connection;
  }

  #giveBack(broker: Broker, connection: Connection, isUsable: boolean): void {
    const address = addressOf(broker);
    const idle = this.#idle.get(address) ?? [];
    this.#idle.set(address, idle);
    if (isUsable && !this.#isClosed && idle.length < MAX_IDLE) idle.push(connection);
    else void connection.close();
  }
}

export function addressOf({ host, port }: Broker): string {
  return `${host}:${port}`;
}
