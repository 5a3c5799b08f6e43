import { z } from "zod";
import { pinnedImage } from "../../../config/fields.ts";

/** Webhook2kafka and the normalizers, together called cyborg-regidores. */
export const regidoresSettings = z.strictObject({
  webhook2kafka: z.boolean().default(true).describe("Deploy the receiver that forwards webhooks to Kafka."),
  normalizers: z.boolean().default(true).describe("Deploy the worker that makes raw events alike."),
  kafkaPort: z.int().min(1).max(65535).default(443).describe("Port of the Kafka brokers, for the network policy."),
  build: z.boolean().default(true).describe("Build the images in the cluster; nobody publishes any."),
  webhook2kafkaImage: pinnedImage.optional(),
  normalizersImage: pinnedImage.optional(),
});

/** Review Manager, a GitHub App that assigns reviewers and concludes reviews. */
export const reviewManagerSettings = z.strictObject({
  enabled: z.boolean().default(true).describe("Deploy the Review Manager."),
  appId: z.int().min(1).describe("Number of the GitHub App."),
  build: z.boolean().default(false).describe("Build the image in the cluster instead of pulling the published one."),
  image: pinnedImage.optional(),
});
