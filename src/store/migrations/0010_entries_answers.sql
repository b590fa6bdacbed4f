CREATE TABLE "entries" (
	"app_id" text NOT NULL,
	"follower_hash" text NOT NULL,
	"campaign" text NOT NULL,
	"first_at" bigint NOT NULL,
	"last_at" bigint NOT NULL,
	"times" integer NOT NULL,
	"last_outcome" text,
	CONSTRAINT "entries_app_id_follower_hash_campaign_pk" PRIMARY KEY("app_id","follower_hash","campaign")
);
--> statement-breakpoint
ALTER TABLE "inbox" ADD COLUMN "answered_day" text;--> statement-breakpoint
CREATE INDEX "inbox_by_answering_campaign" ON "inbox" USING btree (split_part("answered", '@', 1)) WHERE "inbox"."answered" IS NOT NULL;