CREATE TABLE "account_tags" (
	"app_id" text NOT NULL,
	"name" text NOT NULL,
	"tag_id" integer NOT NULL,
	CONSTRAINT "account_tags_app_id_name_pk" PRIMARY KEY("app_id","name")
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "variables" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "verified" boolean;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "refused_kinds" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "send_quota" jsonb;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "forward_sealed" text;--> statement-breakpoint
ALTER TABLE "followers" ADD COLUMN "facts" jsonb;--> statement-breakpoint
ALTER TABLE "followers" ADD COLUMN "facts_at" bigint;