CREATE TABLE "campaign_statistics" (
	"campaign" text NOT NULL,
	"version" integer NOT NULL,
	"app_id" text NOT NULL,
	"day" text NOT NULL,
	"scene" text NOT NULL,
	"variant" text NOT NULL,
	"step" text NOT NULL,
	"metric" text NOT NULL,
	"n" bigint NOT NULL,
	"value" numeric DEFAULT 0 NOT NULL,
	CONSTRAINT "campaign_statistics_pk" PRIMARY KEY("campaign","day","version","app_id","scene","variant","step","metric")
);
--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "entry_day" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "scene_pattern" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "tally" jsonb;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "tally_revision" integer;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "last_done_at" bigint;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "clicks" jsonb;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "unfollowed_at" bigint;--> statement-breakpoint
CREATE INDEX "runs_by_campaign_entry" ON "runs" USING btree ("campaign","created_at","run_key");