import * as fc from "fast-check";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test, vi } from "vitest";
import { openObjectStore } from "../src/index.ts";
import { parseS3Url, s3UrlOf } from "../src/s3_location.ts";

test("a URL names bucket, prefix, endpoint, region and style; the environment fills in what it leaves out", () => {
  const aws = { bucket: "lake", prefix: "", endpoint: undefined, region: undefined, pathStyle: false };
  expect(parseS3Url("s3://lake", {})).toEqual(aws);
  expect(parseS3Url("s3://lake/", {})).toEqual(aws);
  expect(parseS3Url("s3://lake/a/b%20c/", { AWS_REGION: "eu-central-1", AWS_ENDPOINT_URL: " " })).toEqual({
    ...aws,
    prefix: "a/b c/",
    region: "eu-central-1",
  });
  const local = { ...aws, endpoint: "http://minio:9000", region: "us-east-1", pathStyle: true };
  expect(parseS3Url("s3://lake?endpoint=http://minio:9000/", {})).toEqual(local);
  expect(parseS3Url("s3://lake", { AWS_ENDPOINT_URL: "http://minio:9000" })).toEqual(local);
  const both = { AWS_ENDPOINT_URL: "http://other", AWS_ENDPOINT_URL_S3: "http://minio:9000" };
  expect(parseS3Url("s3://lake", both)).toEqual(local);
  const spelled = "s3://lake?endpoint=https://host&region=garage&path_style=false";
  expect(parseS3Url(spelled, { ...both, AWS_REGION: "x", AWS_DEFAULT_REGION: "y" })).toEqual({
    ...local,
    endpoint: "https://host",
    region: "garage",
    pathStyle: false,
  });
});

test("credentials in a URL are refused, told where they belong, and not repeated", async () => {
  for (const url of [
    "s3://AKIAKEY:secret@lake/prefix",
    "s3://AKIAKEY:sec/ret@lake/prefix",
    "s3://lake?access_key=AKIAKEY&secret=secret",
    "s3://lake?endpoint=http://AKIAKEY:secret@host:9000",
  ]) {
    const error = await openObjectStore(url).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toMatchObject({ code: "config_invalid", message: expect.stringContaining("AWS_ACCESS_KEY_ID") });
    expect(String(error)).not.toMatch(/AKIAKEY|sec\/?ret@|=secret/);
  }
});

test("without an endpoint a region is needed, and the error says how to give it", async () => {
  await using home = await temporaryDirectory();
  for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"])
    vi.stubEnv(name, undefined);
  vi.stubEnv("HOME", home.path);
  await expect(openObjectStore("s3://lake")).rejects.toMatchObject({
    code: "config_invalid",
    message: expect.stringContaining("AWS_REGION"),
  });
  vi.unstubAllEnvs();
});

test.each([
  "s3:lake",
  "s3://",
  "s3:///prefix",
  "s3://la ke",
  "s3://lake/a//b",
  "s3://lake/../x",
  "s3://lake/%zz",
  "s3://lake/.cinelake-x",
  "s3://lake#part",
  "s3://lake?path_style=yes",
  "s3://lake?region=a&region=b",
  "s3://lake?endpoint=host:9000",
  "s3://lake?endpoint=ftp://host",
  "s3://lake?endpoint=http://host/path",
])("%s is a configuration error", async (url) => {
  await expect(openObjectStore(url)).rejects.toMatchObject({ code: "config_invalid" });
});

test("a location's URL leads back to it", () => {
  const segment = fc.stringMatching(/^[a-z %+&?#=é]{1,8}$/);
  fc.assert(
    fc.property(
      fc.array(segment, { maxLength: 3 }),
      fc.constantFrom(undefined, "http://127.0.0.1:9000", "https://host"),
      fc.constantFrom(undefined, "eu-central-1"),
      fc.boolean(),
      (segments, endpoint, region, pathStyle) => {
        const location = {
          bucket: "lake",
          prefix: segments.map((each) => `${each}/`).join(""),
          endpoint,
          region: region ?? (endpoint ? "us-east-1" : undefined),
          pathStyle,
        };
        expect(parseS3Url(s3UrlOf(location), {})).toEqual(location);
      },
    ),
  );
});
