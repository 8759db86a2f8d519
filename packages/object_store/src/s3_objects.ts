import { randomUUID } from "node:crypto";
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type HeadObjectCommandOutput,
} from "@aws-sdk/client-s3";
import { failureOf } from "./s3_errors.ts";
import type { S3Requests } from "./s3_requests.ts";

/** An object's address in the client library's words. */
export interface Target {
  readonly Bucket: string;
  readonly Key: string;
}

/** Name of the metadata in which a write carries a random text, by which its writer knows it again after a lost answer. */
const WRITE_ID = "cinelake-write";

/** A new text for one write, with the metadata that carry it. */
export function newWriteId(): { id: string; Metadata: Record<string, string> } {
  const id = randomUUID();
  return { id, Metadata: { [WRITE_ID]: id } };
}

/** Undefined if there is no such object. */
export async function headObject(requests: S3Requests, target: Target): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await requests.retried((abortSignal) =>
      requests.client.send(new HeadObjectCommand(target), { abortSignal }),
    );
  } catch (error) {
    if (failureOf(error) === "missing_key") return undefined;
    throw error;
  }
}

/** True if the object is what the write of this id has stored. */
export async function isOurs(requests: S3Requests, target: Target, id: string): Promise<boolean> {
  return (await headObject(requests, target))?.Metadata?.[WRITE_ID] === id;
}

export async function putObject(requests: S3Requests, target: Target, Body: Uint8Array): Promise<void> {
  const command = { ...target, Body };
  await requests.retried((abortSignal) => requests.client.send(new PutObjectCommand(command), { abortSignal }));
}

/**
 * Stores the object unless the key is taken; true if it did. An earlier attempt, ours or a proxy's, may have stored it without an answer
 * getting through: then the service says that the key is taken, and the object's metadata that it is ours.
 */
export async function putObjectIfAbsent(requests: S3Requests, target: Target, Body: Uint8Array): Promise<boolean> {
  const { id, Metadata } = newWriteId();
  const command = { ...target, Body, Metadata, IfNoneMatch: "*" };
  try {
    await requests.retried((abortSignal) => requests.client.send(new PutObjectCommand(command), { abortSignal }));
    return true;
  } catch (error) {
    if (failureOf(error) === "precondition") return await isOurs(requests, target, id);
    throw error;
  }
}

export async function deleteObject(requests: S3Requests, target: Target): Promise<void> {
  await requests
    .retried((abortSignal) => requests.client.send(new DeleteObjectCommand(target), { abortSignal }))
    .catch((error: unknown) => {
      if (failureOf(error) !== "missing_key") throw error;
    });
}
