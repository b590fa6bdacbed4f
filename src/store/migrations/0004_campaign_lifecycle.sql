CREATE TABLE "campaign_drafts" (
	"id" text PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"revision" integer NOT NULL,
	"base_version" integer,
	"saved_at" bigint NOT NULL,
	"saved_by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "test_sends" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"app_id" text NOT NULL,
	"open_id" text NOT NULL,
	"dedupe_key" text NOT NULL,
	"request_hash" text NOT NULL,
	"campaign" text NOT NULL,
	"sent" integer DEFAULT 0 NOT NULL,
	"answer" jsonb,
	"requested_at" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "campaign_versions" ADD COLUMN "content_hash" text;--> statement-breakpoint
ALTER TABLE "campaign_versions" ADD COLUMN "published_by" text;--> statement-breakpoint
ALTER TABLE "campaign_versions" ADD COLUMN "restored_from" integer;--> statement-breakpoint
CREATE UNIQUE INDEX "test_sends_dedupe_key" ON "test_sends" USING btree ("dedupe_key");--> statement-breakpoint
CREATE INDEX "test_sends_by_follower" ON "test_sends" USING btree ("app_id","open_id","requested_at");