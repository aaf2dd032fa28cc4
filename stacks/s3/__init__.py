"""S3 as the stacks use it: bucket checks and the wording of S3 errors."""
